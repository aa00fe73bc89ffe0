import { chown, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import path from 'node:path';
import { SUPERUSER } from './cluster.ts';
import type { StandIn } from './standIn.ts';

/** The name that maps this process's user to the database role. */
const MAP = 'tessera';

/**
 * Lets the user that this process runs as, and nobody else, into the cluster: PostgreSQL asks the kernel who is at the other
 * end of the socket (peer authentication). So a process of the stand-in's is refused, though it can reach the socket.
 * Written at each start, since another user may have made the cluster.
 */
export async function admitThisUser(cluster: string, standIn: StandIn | undefined): Promise<void> {
  const files = {
    'pg_hba.conf': `local all all peer map=${MAP}\n`,
    'pg_ident.conf': `${MAP} "${userInfo().username}" ${SUPERUSER}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(cluster, name);
    await writeFile(file, text, { mode: 0o600 });
    if (standIn) await chown(file, standIn.uid, standIn.gid);
  }
}
