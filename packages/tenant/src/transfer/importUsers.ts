import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { ValidateFunction } from 'ajv';
import pLimit from 'p-limit';
import { v5 as nameBasedUuid } from 'uuid';
import type { Passwords } from '../users/passwords.ts';
import { exactJson } from '../validation/json.ts';
import { faultsOf } from '../validation/faults.ts';
import { makeCompiler } from '../validation/validator.ts';
import { StartError } from '../startError.ts';
import { insertUsers } from '../users/store/bulkInsert.ts';
import type { Database } from '../database/database.ts';
import { forgetImport, importedLines, rememberImport } from './imports.ts';
import { findExistingUserIds } from '../users/store/findUsers.ts';
import type { Writer } from '../database/writer.ts';
import { ApiError } from '../errors.ts';
import { InvalidRequest } from '../http/requestErrors.ts';
import type { User } from '../users/rules/user.ts';
import { linesOf } from './lines.ts';
import { UserLine, userOfLine } from './userLine.ts';

/** What an import tells while it runs. */
export interface ImportReporter {
  /** A line that was not imported, counted from 1, and why. */
  badLine(number: number, reasons: string[]): void;
  /** How far it is: bytes of the file that are done, of all. */
  progress(bytes: number, total: number): void;
}

export interface ImportResult {
  imported: number;
  failed: number;
  /** Lines that an import of the same file, cut short before, had done already. */
  resumedAt: number;
}

const BATCH = 1000;
/** A batch of longer lines has fewer of them. */
const BATCH_MAX_BYTES = 8 * 1024 * 1024;
/** No user needs a longer line. */
const LINE_MAX_BYTES = 1024 * 1024;
/** As many as the threads that hash can have before them without refusing more. */
const HASHING_AT_ONCE = 8;
/** Namespace of the IDs of users whose lines name none: the same file gives the same IDs again. */
const NAMESPACE = '6f1f3b0e-6a4e-4d0c-9d53-0a5c2f0c7b11';

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

interface Line {
  number: number;
  line: Buffer;
}

/**
 * Imports users from a file with a JSON object a line. An import that was cut short goes on where it was.
 *
 * The import of a file, as its row in `imports` tells, is
 *
 * - UNKNOWN: there is no row. The first batch makes one: it is UNDER WAY.
 * - UNDER WAY: the row has the number of the last line of the last batch that was stored. Each batch stores its users and
 *   moves the row in one transaction, so the row counts just the lines that are done. An import that finds a row skips them.
 * - FINISHED: after the last line the row is deleted, so the file is UNKNOWN again.
 *
 * @param appId the application that the users are associated with
 * @param passwords judges and keeps those of the lines
 * @param signal stops it after the batch under way
 * @throws StartError when there is no such file
 */
export async function importUsers(
  database: Database,
  writer: Writer,
  appId: string,
  file: string,
  reporter: ImportReporter,
  passwords: Passwords,
  signal?: AbortSignal,
): Promise<ImportResult> {
  const { key, size } = await identify(file);
  const hashing = pLimit(HASHING_AT_ONCE);
  const isLine = makeCompiler()<UserLine>(UserLine);
  const resumedAt = (await importedLines(database, writer.tenantId, key)) ?? 0;
  const result: ImportResult = { imported: 0, failed: 0, resumedAt };
  for await (const { lines, bytes } of batches(file, resumedAt)) {
    const bad = await importBatch(lines);
    for (const [number, reasons] of [...bad].sort(([a], [b]) => a - b)) reporter.badLine(number, reasons);
    result.failed += bad.size;
    result.imported += lines.length - bad.size;
    reporter.progress(bytes, size);
    if (signal?.aborted) return result;
  }
  await forgetImport(database, writer.tenantId, key);
  return result;

  /** @returns by line number, why it was not imported */
  async function importBatch(lines: Line[]): Promise<Map<number, string[]>> {
    const bad = new Map<number, string[]>();
    const users = new Map<string, { user: User; number: number }>();
    await Promise.all(
      lines.map(async ({ number, line: bytes }) => {
        try {
          const at = Date.now();
          const line = parsed(isLine, bytes);
          const userId = line.user_id ?? nameBasedUuid(`${key}:${number}`, NAMESPACE);
          const { credentials } = line;
          const judged = { at, before: null, property: 'credentials.password' };
          const password = credentials && (await hashing(() => passwords.recordOf(credentials, judged)));
          const user = userOfLine(userId, line, { at, appId, password });
          if (users.has(userId)) throw new InvalidRequest('user_id is on another line, too');
          users.set(userId, { user, number });
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          bad.set(number, error.faults);
        }
      }),
    );
    for (const userId of await findExistingUserIds(database, writer.tenantId, [...users.keys()])) {
      bad.set(users.get(userId)!.number, ['user_id is taken: there is such a user already']);
      users.delete(userId);
    }
    const refused = await insertUsers(
      database,
      writer,
      [...users.values()].map(({ user }) => user),
      (connection) => rememberImport(connection, writer.tenantId, key, lines.at(-1)!.number),
    );
    for (const [userId, { faults }] of refused) bad.set(users.get(userId)!.number, faults);
    return bad;
  }
}

async function identify(file: string): Promise<{ key: string; size: number }> {
  try {
    const [name, { size, mtimeMs }] = await Promise.all([realpath(file), stat(file)]);
    return { key: createHash('sha256').update(`${name}:${size}:${mtimeMs}`).digest('hex'), size };
  } catch (error) {
    throw new StartError(`${file} cannot be read: ${(error as Error).message}`);
  }
}

async function* batches(file: string, skip: number): AsyncGenerator<{ lines: Line[]; bytes: number }> {
  const input = createReadStream(file);
  let number = 0;
  let lines: Line[] = [];
  let length = 0;
  for await (const bytes of linesOf(input as AsyncIterable<Buffer>, LINE_MAX_BYTES)) {
    number += 1;
    // An export from elsewhere may begin with a byte order mark.
    const line = number === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes;
    if (number <= skip || line.toString('latin1').trim() === '') continue;
    lines.push({ number, line });
    length += line.length;
    if (lines.length < BATCH && length < BATCH_MAX_BYTES) continue;
    yield { lines, bytes: input.bytesRead };
    lines = [];
    length = 0;
  }
  if (lines.length > 0) yield { lines, bytes: input.bytesRead };
}

function parsed(isLine: ValidateFunction<UserLine>, bytes: Buffer): UserLine {
  if (bytes.length > LINE_MAX_BYTES) throw new InvalidRequest('is longer than 1 MB');
  const line = exactJson(bytes, 'line');
  if (!isLine(line)) throw new InvalidRequest(faultsOf(isLine.errors ?? [], 'line'));
  return line;
}
