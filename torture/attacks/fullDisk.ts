import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Attack } from '../attack.ts';
import { Caller } from '../caller.ts';
import { insist } from '../load.ts';

const run = promisify(execFile);
/** Of a `custom_data`, which may have 64 KB; random, for PostgreSQL compresses what is not. */
const DATA_BYTES = 45_000;
/** How long the tenant is used after the disk is full. */
const FULL_MS = 5000;
const RECOVERY_MS = 30_000;

interface Created {
  id: string;
  data: string;
}

/**
 * Fills the disk that the data directory is on, of so many megabytes, with users. Writes may fail then, in words; reads
 * go on. With room again, everything acknowledged is there.
 */
export const fullDisk: Attack = {
  name: 'full-disk',
  full: 64,
  small: 64,
  async run(stage) {
    const { tally } = stage;
    const disk = await stage.directory();
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${stage.count}m`, 'tmpfs', disk]);
    } catch {
      tally.skipped = 'a small disk cannot be mounted here (it takes root on Linux, with the right to mount)';
      return;
    }
    // Lazily, for PostgreSQL may still be winding down in there.
    stage.after(() => run('umount', ['-l', disk]));
    const directory = path.join(disk, 'data');
    let victim = await stage.victim({ storage: { directory } });
    const caller = new Caller(() => victim, tally);
    stage.after(() => caller.close());

    const created: Created[] = [];
    const create = async (): Promise<boolean> => {
      const data = randomBytes(DATA_BYTES).toString('base64');
      const answer = await caller.ask('POST', '/cis/v1/users', {
        email: `full-${randomBytes(8).toString('hex')}@example.com`,
        custom_data: { data },
      });
      if (answer?.status !== 201) return false;
      created.push({ id: (answer.body as { result: { user_id: string } }).result.user_id, data });
      tally.acknowledged += 1;
      return true;
    };
    const most = (2 * stage.count * 1024 * 1024) / DATA_BYTES;
    while (created.length < most && (await create()));
    if (created.length === 0 || created.length >= most) tally.add('other', 'the disk could not be filled');

    for (const until = Date.now() + FULL_MS; Date.now() < until && victim.isRunning; await delay(50)) {
      await create();
      const { id } = stage.random.pick(created) ?? {};
      if (!id) break;
      const answer = await caller.ask('GET', `/cis/v1/users/${id}`);
      if (answer && answer.status !== 200) {
        tally.add('other', `a read on the full disk was answered with ${answer.status}`);
      }
    }

    if (victim.hasEnded) {
      // PostgreSQL ends when it cannot write its log. What it acknowledged must be on the disk all the same.
      const copy = path.join(await stage.directory(), 'data');
      await run('cp', ['-a', directory, copy]);
      victim = await stage.victim({ storage: { directory: copy } });
    } else {
      await run('mount', ['-o', `remount,size=${4 * stage.count}m`, disk]);
      const until = Date.now() + RECOVERY_MS;
      while (!(await create()) && Date.now() < until) await delay(100);
      if (Date.now() >= until) tally.add('other', 'no user could be created within 30 s of there being room again');
    }
    for (const { id, data } of created) {
      const found = (await insist(caller, `/cis/v1/users/${id}`)) as
        { result: { custom_data?: { data?: string } } } | undefined;
      if (found?.result.custom_data?.data !== data)
        tally.add('lost', 'an acknowledged user is not there as it was sent');
    }
  },
};
