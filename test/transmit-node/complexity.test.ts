import { describe, expect, it } from 'vitest';
import type { INode } from 'n8n-workflow';
import { exactJson } from '../../packages/n8n-nodes-mosaic/dist/nodes/Transmit/fields/exactJson.js';
import { foldedName } from '../../packages/n8n-nodes-mosaic/dist/nodes/Transmit/fields/foldedName.js';
import { byId, Setting } from './setting.ts';

/** How much more CPU time twice as much input may take, however hostile it is. What is quadratic takes four times as much. */
const MOST_GROWTH = 2.5;
/** Below this, in milliseconds, the growth is not seen. */
const COUNTS_FROM_MS = 10;
/** A collection of garbage may fall on any run: the least of so many counts. */
const TRIES = 5;

const setting = new Setting();

/** CPU time of this thread, in milliseconds. */
async function cpuOf(work: () => unknown): Promise<number> {
  const before = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

async function expectLinear(work: (size: number) => unknown, most: number): Promise<void> {
  const sizes = [most / 4, most / 2, most];
  const costs = sizes.map(() => Infinity);
  const growth = (): number => Math.max(costs[2]!, COUNTS_FROM_MS) / Math.max(costs[0]!, COUNTS_FROM_MS / 4);
  for (let tries = 0; tries < TRIES && !(growth() <= MOST_GROWTH ** 2); tries += 1) {
    for (const [place, size] of sizes.entries()) {
      costs[place] = Math.min(costs[place]!, await cpuOf(() => work(size)));
    }
  }
  expect(growth(), `CPU time by size: ${costs.join(', ')} ms`).toBeLessThanOrEqual(MOST_GROWTH ** 2);
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
