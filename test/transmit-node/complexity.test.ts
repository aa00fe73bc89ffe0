import { describe, expect, it } from 'vitest';
import type { INode } from 'n8n-workflow';
import { exactJson } from '../../packages/n8n-nodes-mosaic/dist/nodes/Transmit/fields/exactJson.js';
import { foldedName } from '../../packages/n8n-nodes-mosaic/dist/nodes/Transmit/fields/foldedName.js';
import { byId, Setting } from './setting.ts';

/** How much more CPU time twice as much input may take, however hostile it is. */
const MOST_GROWTH = 2.5;
/** Below this, in milliseconds, the growth is not seen. */
const COUNTS_FROM_MS = 5;

const setting = new Setting();

/** The least CPU time of three runs, in milliseconds. */
async function cpuOf(work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

async function expectLinear(work: (size: number) => unknown, most: number): Promise<void> {
  const costs: number[] = [];
  for (const size of [most / 4, most / 2, most]) costs.push(await cpuOf(() => work(size)));
  for (const place of [1, 2]) {
    const [before, now] = [Math.max(costs[place - 1]!, COUNTS_FROM_MS), costs[place]!];
    expect(now / before, `CPU time by size: ${costs.join(', ')} ms`).toBeLessThan(MOST_GROWTH);
  }
}

const MARKS = '\u0315\u0300';

describe('takes no more than twice the time for twice the input', () => {
  const node = { name: 'Transmit' } as INode;
  const read = (text: string) => {
    try {
      exactJson(node, 'JSON', text);
    } catch {
      // Whether it is good JSON does not matter here.
    }
  };

  it.each<[string, (size: number) => string]>([
    ['a number of many zeros', (size) => `{"a":1.${'0'.repeat(size)}1}`],
    ['a number of many digits', (size) => `{"a":${'7'.repeat(size)}}`],
    ['an open string of escapes', (size) => `{"a":"${'\\"'.repeat(size / 2)}`],
    ['many keys', (size) => `{${Array.from({ length: size / 10 }, (_, key) => `"k${key}":1`).join(',')}}`],
    ['deep arrays', (size) => '['.repeat(size)],
  ])('when it reads JSON: %s', (_shape, text) => expectLinear((size) => read(text(size)), 400_000));

  it.each([
    ['combining marks', MARKS],
    ['hosts', 'a@\u4e00\u4e01.'],
    ['dots', '.'],
  ])('when it compares identifiers: %s', (_shape, piece) =>
    expectLinear((size) => foldedName(`a@${piece.repeat(size / piece.length)}`), 400_000),
  );

  it('when it works on 10,000 items', async () => {
    const items = Array.from({ length: 10_000 }, (_, n) => ({
      id: `nobody-${n % 7000}`,
      email: `${n % 5000}${MARKS.repeat(100)}@example.com`,
      data: `{"n":${n},"text":"${MARKS.repeat(50)}"}`,
    }));
    const parameters = {
      userId: byId('={{ $json.id }}'),
      fields: { email: '={{ $json.email }}', custom_data: '={{ $json.data }}' },
    };
    await expectLinear(async (size) => {
      const { items: output } = await setting.run(
        'updateUser',
        parameters,
        items.slice(0, size),
        'continueRegularOutput',
      );
      expect(output).toHaveLength(size);
    }, 10_000);
  });
});
