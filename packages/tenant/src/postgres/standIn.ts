import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { StartError } from '../startError.ts';

/** The user that PostgreSQL runs as when the tenant runs as root, which PostgreSQL refuses. */
export interface StandIn {
  uid: number;
  gid: number;
}

/** Users that a Unix system has for such a purpose, the most fitting first. */
const CANDIDATES = ['postgres', 'nobody'];

/**
 * Chooses the stand-in: the owner of the data that is there already, else the system's own `postgres` or `nobody`.
 * @param dataDirectory the cluster's directory; need not exist
 * @returns undefined when this process is not root and needs none
 * @throws StartError when the system has no such user
 */
export async function chooseStandIn(dataDirectory: string): Promise<StandIn | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dataDirectory).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  // initdb looks its user up, so a number without a name will not do.
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of CANDIDATES) {
    const account = accounts.find(([candidate]) => candidate === name);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new StartError(
    `PostgreSQL does not run as root, and this system has no user ${CANDIDATES.join(' or ')} to run it as. ` +
      'Run the tenant as an ordinary user, or set DATABASE_URL.',
  );
}
