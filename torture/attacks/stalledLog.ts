import type { Attack } from '../attack.ts';
import { Caller } from '../caller.ts';

const CALLERS = 16;
/** So many without an answer, and the tenant has plainly stopped: the rest would take hours. */
const MOST_UNANSWERED = CALLERS;

/** Sends so many requests to a tenant whose log nobody reads. */
export const stalledLog: Attack = {
  name: 'stalled-log',
  full: 20_000,
  small: 5000,
  async run(stage) {
    const { tally } = stage;
    const directory = await stage.directory();
    const victim = await stage.victim({ storage: { directory }, logLevel: 'info', logIsUnread: true });
    let left = stage.count;
    const call = async (): Promise<void> => {
      const caller = new Caller(() => victim, tally);
      while (left > 0 && tally.counts.unanswered < MOST_UNANSWERED && victim.isRunning) {
        left -= 1;
        await caller.ask('GET', '/cis/v1/users/nobody');
      }
      caller.close();
    };
    await Promise.all(Array.from({ length: CALLERS }, call));
    if (left > 0) tally.add('other', 'the tenant stopped answering, so requests were not sent', left);
    // That it ends within 10 s of SIGTERM is looked at when the stage is cleared.
  },
};
