import { createReadStream, createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { Presets, SingleBar } from 'cli-progress';
import type { Logger } from 'pino';
import { ensureAccess, type MadeCredentials } from '../access/firstStart.ts';
import type { ClientCredentials } from '../applications/clientCredentials.ts';
import { StartError } from '../startError.ts';
import type { StorageLocation } from '../database/server.ts';
import { openStorage } from '../database/storage.ts';
import { findClient, listClients } from '../applications/clientStore.ts';
import type { Client } from '../applications/rules/client.ts';
import { findFirstTenant } from '../applications/store.ts';
import type { Database } from '../database/database.ts';
import { makePasswords, type PasswordLifetimes } from '../users/passwords.ts';
import { dump, restore } from './dump.ts';
import { exportUsers } from './exportUsers.ts';
import { importUsers } from './importUsers.ts';
import { linesOf } from './lines.ts';

/** What all of the commands need. */
export interface TransferOptions {
  storage: StorageLocation;
  connections: number;
  passwordLifetimes?: PasswordLifetimes;
  /** Client credentials that an application must have; the users are imported and exported as that application. */
  credentials?: ClientCredentials;
  /** Whose users; the first tenant's unless told. */
  tenant?: string;
  log: Logger;
  onNewCredentials(made: MadeCredentials[]): void;
}

async function withClient<T>(
  { storage: location, connections, credentials, tenant, log, onNewCredentials }: TransferOptions,
  work: (database: Database, client: Client) => Promise<T>,
): Promise<T> {
  const storage = await openStorage(location, connections, log);
  try {
    const made = await ensureAccess(storage.database, credentials);
    if (made.length > 0) onNewCredentials(made);
    return await work(storage.database, await wantClient(storage.database, credentials?.clientId, tenant));
  } finally {
    await storage.close();
  }
}

/** The client as whom users are transferred: the one that is told, or the oldest of the tenant. @throws StartError */
async function wantClient(
  database: Database,
  clientId: string | undefined,
  tenant: string | undefined,
): Promise<Client> {
  const told = clientId !== undefined && tenant === undefined;
  const client = told
    ? await findClient(database, clientId)
    : (await listClients(database, tenant ?? (await findFirstTenant(database))!))[0];
  if (!client) throw new StartError('There is no such tenant, or it has no client: tenant tenants list shows them.');
  return client;
}

/** The command `import FILE`. @returns whether every line was imported */
export async function runImport(options: TransferOptions, file: string, signal: AbortSignal): Promise<boolean> {
  await wantFile(file);
  return withClient(options, async (database, { tenant_id: tenantId, app_id, client_id: clientId }) => {
    const bar = new SingleBar(
      {
        format: '{bar} {percentage} % | {duration_formatted} | {bad} bad lines',
        noTTYOutput: true,
        notTTYSchedule: 5000,
      },
      Presets.shades_classic,
    );
    const began = performance.now();
    let bad = 0;
    bar.start(1, 0, { bad });
    const { imported, failed, resumedAt } = await importUsers(
      database,
      { tenantId, clientId },
      app_id,
      file,
      {
        badLine(number, reasons) {
          bad += 1;
          process.stderr.write(`line ${number}: ${reasons.join('; ')}\n`);
        },
        progress(bytes, total) {
          bar.setTotal(total);
          bar.update(bytes, { bad });
        },
      },
      makePasswords(options.passwordLifetimes),
      signal,
    ).finally(() => {
      // Its clock would keep the process alive.
      bar.stop();
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (resumedAt > 0) process.stdout.write(`Went on after line ${resumedAt}.\n`);
    process.stdout.write(`${imported} users imported, ${failed} bad lines, in ${seconds} s.\n`);
    if (signal.aborted) process.stdout.write('Stopped before the end: the same command goes on from here.\n');
    return failed === 0 && !signal.aborted;
  });
}

/**
 * The command `export [FILE]`: to standard output when there is no file.
 * @throws StartError when there is no data, or it cannot be written
 */
export async function runExport(
  options: TransferOptions,
  file: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  await wantData(options.storage);
  await withClient(options, async (database, { tenant_id, app_id }) => {
    const count = await writeWhole(file, signal, (output) => exportUsers(database, tenant_id, app_id, output, signal));
    process.stderr.write(`${count} users exported.\n`);
  });
}

/** The command `dump FILE`. @throws StartError when there is no data, or it cannot be written */
export async function runDump(
  { storage: location, connections, log }: TransferOptions,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await wantData(location);
  const storage = await openStorage(location, connections, log);
  try {
    const count = await writeWhole(file, signal, (output) => dump(storage.database, output, signal));
    process.stderr.write(`${count} rows dumped.\n`);
  } finally {
    await storage.close();
  }
}

/** The command `restore FILE`. @throws StartError when the file is no dump, or the database is not new */
export async function runRestore(
  { storage: location, connections, log }: TransferOptions,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await wantFile(file);
  const storage = await openStorage(location, connections, log);
  try {
    const count = await restore(storage.database, linesOf(createReadStream(file) as AsyncIterable<Buffer>), signal);
    process.stderr.write(`${count} rows restored.\n`);
  } finally {
    await storage.close();
  }
}

/** A copy of nothing would be taken for a copy. @throws StartError when nothing is in the data directory */
async function wantData(location: StorageLocation): Promise<void> {
  if (!('directory' in location)) return;
  const entries = await readdir(location.directory).catch(() => []);
  if (entries.length === 0) throw new StartError(`${location.directory} holds no data: no tenant has served from it.`);
}

/** @throws StartError when a file is not there, or is a directory */
async function wantFile(file: string): Promise<void> {
  const found = await stat(file).catch((error: Error) => {
    throw new StartError(`${file} cannot be read: ${error.message}`);
  });
  if (found.isDirectory()) throw new StartError(`${file} cannot be read: it is a directory`);
}

/**
 * Writes to a file, readable by its owner alone: beside its place, and put there when it is whole, in place of one that is
 * there already. What is there and is no file, such as a device or a pipe, is written to as it is. Without a file, to standard
 * output.
 * @throws StartError when it cannot be written; the reason of the signal when it is stopped
 */
async function writeWhole<T>(
  name: string | undefined,
  signal: AbortSignal,
  write: (output: Writable) => Promise<T>,
): Promise<T> {
  const there = name === undefined ? undefined : await stat(name).catch(() => undefined);
  const file = there?.isFile() ? await realpath(name!) : name;
  const draft = file !== undefined && (!there || there.isFile()) ? `${file}.${process.pid}.part` : undefined;
  const output = draft
    ? createWriteStream(draft, { mode: 0o600, flags: 'wx' })
    : file === undefined
      ? process.stdout
      : createWriteStream(file);
  const broken = new Promise<never>((_resolve, reject) => {
    output.on('error', reject);
    // A pipe that nobody reads never opens.
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  broken.catch(() => {});
  try {
    const result = await Promise.race([write(output), broken]);
    if (output !== process.stdout) {
      output.end();
      await Promise.race([once(output, 'close'), broken]);
    }
    if (draft) await rename(draft, file!);
    return result;
  } catch (error) {
    if (draft) await rm(draft, { force: true });
    const { code, message, syscall } = error as NodeJS.ErrnoException;
    // Whoever reads has seen enough, as after `export | head`.
    if (code === 'EPIPE') throw new StartError('Standard output was closed before everything was written.');
    if (syscall) throw new StartError(`${name ?? 'Standard output'} cannot be written: ${message}`);
    throw error;
  }
}
