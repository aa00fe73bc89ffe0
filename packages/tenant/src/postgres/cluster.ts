import { once } from 'node:events';
import { access, chown, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from '../startError.ts';
import type { Binaries } from './binaries.ts';
import { openPlace, runIn } from './place.ts';
import type { StandIn } from './standIn.ts';

/** The database role that the tenant connects as. */
export const SUPERUSER = 'tessera';
const DRAFT = 'postgres-draft-';
/** No first start takes this long: an older draft was cut short. */
const DRAFT_LIFETIME_MS = 60_000;

/**
 * Makes the cluster when there is none. It is made aside and renamed into place,
 * so that a start that is cut short, or two at once, never leave half a cluster.
 * @param cluster where it belongs; its parent exists
 * @throws StartError when the directory holds something else, or initdb fails
 */
export async function makeCluster(cluster: string, binaries: Binaries, standIn: StandIn | undefined): Promise<void> {
  if (await exists(path.join(cluster, 'PG_VERSION'))) return;
  const parent = path.dirname(cluster);
  await dropOldDrafts(parent);
  const draft = await mkdtemp(path.join(parent, DRAFT));
  try {
    if (standIn) await chown(draft, standIn.uid, standIn.gid);
    await initialise(draft, binaries, standIn);
    await rename(draft, cluster).catch(async (error: Error) => {
      if (await exists(path.join(cluster, 'PG_VERSION'))) return;
      throw new StartError(`A PostgreSQL cluster cannot be put at ${cluster}: ${error.message}`);
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function initialise(draft: string, binaries: Binaries, standIn: StandIn | undefined): Promise<void> {
  const place = await openPlace(draft, standIn);
  try {
    const args = ['-D', place.path, '-U', SUPERUSER, '-A', 'trust', '--locale=C', '--encoding=UTF8'];
    const initdb = runIn(place, binaries.initdb, args);
    let output = '';
    initdb.stderr!.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(initdb, 'close')) as [number | null];
    if (code !== 0) throw new StartError(`PostgreSQL could not make its cluster in ${draft}:\n${output.trim()}`);
  } finally {
    await place.handle?.close();
  }
}

async function dropOldDrafts(parent: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (!entry.startsWith(DRAFT)) continue;
    const draft = path.join(parent, entry);
    const found = await stat(draft).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > DRAFT_LIFETIME_MS) await rm(draft, { recursive: true, force: true });
  }
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
