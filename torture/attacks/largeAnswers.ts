import type { Attack } from '../attack.ts';
import { Load } from '../load.ts';
import type { Tally } from '../tally.ts';
import type { Victim } from '../victim.ts';

/** Custom data of a user: close to the most that one may have. */
const USER_BYTES = 60_000;
/** So many are created by one request: 6 MB. */
const CREATED_AT_ONCE = 50;
const READERS = 8;
const UPDATERS = 6;
/** A client may wait for its turn longer than a request is worked on. */
const MOST_MS = 60_000;

/**
 * Asks for the largest pages and updates the largest users in bulk, all at once. Each answer is tens of megabytes; the
 * tenant may refuse some until later, but must not hold them in memory.
 */
export const largeAnswers: Attack = {
  name: 'large-answers',
  full: 1000,
  small: 300,
  async run(stage) {
    const { tally } = stage;
    const victim = await stage.victim({ storage: { directory: await stage.directory() } });
    const load = await Load.prepare(() => victim, tally);
    const ids: string[] = [];
    const address = { custom_address: { field: 'x'.repeat(USER_BYTES) } };
    for (let made = 0; made < stage.count; made += CREATED_AT_ONCE) {
      const users = Array.from({ length: CREATED_AT_ONCE }, (_, place) => ({
        email: `large-${made + place}@example.com`,
        custom_data: address,
        custom_app_data: address,
      }));
      const answer = await ask(victim, tally, 'POST', '/cis/v1/users/bulk', { users });
      const { result } = JSON.parse(answer) as { result: { items: { user?: { user_id: string } }[] } };
      ids.push(...result.items.flatMap(({ user }) => user?.user_id ?? []));
    }
    if (ids.length < stage.count) throw new Error(`only ${ids.length} of ${stage.count} users could be made`);
    load.start();
    const updates = ids.map((user_id) => ({ user_id, custom_data: { seen: 1 } }));
    await Promise.all([
      ...Array.from({ length: READERS }, () =>
        ask(victim, tally, 'GET', '/cis/v1/users?search=email%20sw%20%22large-%22&page_limit=1000'),
      ),
      ...Array.from({ length: UPDATERS }, () => ask(victim, tally, 'PUT', '/cis/v1/users/bulk', { updates })),
    ]);
    await load.stop();
    await load.check();
  },
};

async function ask(victim: Victim, tally: Tally, method: string, target: string, body?: unknown): Promise<string> {
  tally.requests += 1;
  const answer = await fetch(`http://127.0.0.1:${victim.port}${target}`, {
    method,
    headers: { authorization: `Bearer ${await victim.token()}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(MOST_MS),
  });
  const waits = answer.status === 503 && answer.headers.has('retry-after');
  if (answer.status >= 500 && !waits) tally.add('serverError', `${method} ${target}: ${answer.status}`);
  return answer.text();
}
