import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Document, type OpenApi } from './document.ts';
import { residentBytes } from './processes.ts';
import type { Tally } from './tally.ts';

const MAIN = path.resolve(import.meta.dirname, '../packages/tenant/dist/main.js');
const CREDENTIALS = { client_id: 'torture', client_secret: 'torture-secret-0123456789' };
/** Recovery after a kill is part of a start. */
const START_MS = 60_000;
export const STOP_MS = 10_000;
const MEMORY_EVERY_MS = 250;
/** A token lives an hour. */
const TOKEN_MS = 30 * 60_000;

export interface VictimOptions {
  /** Where the embedded PostgreSQL keeps its data; or the URL of another. */
  storage: { directory: string } | { databaseUrl: string };
  logLevel?: string;
  /** Whether standard error is left unread, as by a log collector that hangs. */
  logIsUnread?: boolean;
  /** Whether the CPU time of its main thread can be asked for (`ask`). */
  probe?: boolean;
  /** Further variables of its environment. */
  settings?: Record<string, string>;
}

const PROBE = path.resolve(import.meta.dirname, 'complexity/probe.ts');

/** The document is the same for every tenant: its schemas are compiled once. */
let known: Document | undefined;

/**
 * A tenant in a process of its own, as it runs in production. It is
 *
 * - RUNNING from when it serves until it ends. If it ends so, that is a fault.
 * - DOOMED from when it is told to stop or is killed: what becomes of requests no longer counts.
 * - ENDED: the process is gone.
 */
export class Victim {
  readonly document: Document;
  readonly port: number;
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
  doomed = false;
  #hasEnded = false;
  #token: string;
  #tokenAt = Date.now();

  private constructor(child: ChildProcess, ended: Promise<unknown>, port: number, document: Document, token: string) {
    this.child = child;
    this.ended = ended;
    this.port = port;
    this.document = document;
    this.#token = token;
    void ended.then(() => (this.#hasEnded = true));
  }

  /** @throws Error with what the tenant printed when it does not start */
  static async start(options: VictimOptions, tally: Tally): Promise<Victim> {
    const { storage, logLevel = 'warn', logIsUnread = false, probe = false, settings } = options;
    const data = 'directory' in storage ? ['--data', storage.directory] : [];
    // As npm runs it, with the settings of its first line.
    const child = spawn(MAIN, ['--port', '0', ...data], {
      env: {
        PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH}`,
        ...('databaseUrl' in storage && { DATABASE_URL: storage.databaseUrl }),
        TESSERA_CLIENT_ID: CREDENTIALS.client_id,
        TESSERA_CLIENT_SECRET: CREDENTIALS.client_secret,
        TESSERA_LOG_LEVEL: logLevel,
        ...(probe && { NODE_OPTIONS: `--import=${PROBE}` }),
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe', ...(probe ? ['ipc' as const] : [])],
    });
    const ended = once(child, 'exit');
    let log = '';
    if (!logIsUnread) child.stderr!.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-2000)));
    try {
      const port = await portOf(child, ended);
      const token = await getToken(port);
      known ??= new Document((await (await fetch(`http://127.0.0.1:${port}/openapi.json`)).json()) as OpenApi);
      const victim = new Victim(child, ended, port, known, token);
      victim.#watch(tally, () => log);
      return victim;
    } catch (error) {
      child.kill('SIGKILL');
      throw new Error(`The tenant did not start: ${(error as Error).message} ${log}`, { cause: error });
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  get isRunning(): boolean {
    return !this.doomed && !this.#hasEnded;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async token(): Promise<string> {
    if (Date.now() - this.#tokenAt > TOKEN_MS && this.isRunning) {
      this.#tokenAt = Date.now();
      this.#token = await getToken(this.port).catch(() => this.#token);
    }
    return this.#token;
  }

  /** Asks the probe. @returns what it answers */
  async ask(question: 'reset' | 'read'): Promise<unknown> {
    const answer = once(this.child, 'message');
    this.child.send(question);
    return ((await answer) as unknown[])[0];
  }

  async kill(): Promise<void> {
    this.doomed = true;
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** @returns whether it ended in time; it is killed when not */
  async stop(): Promise<boolean> {
    this.doomed = true;
    this.child.kill('SIGTERM');
    const inTime = await Promise.race([this.ended.then(() => true), delay(STOP_MS, false, { ref: false })]);
    if (!inTime) await this.kill();
    return inTime;
  }

  #watch(tally: Tally, log: () => string): void {
    const look = (): void => tally.seeMemory(residentBytes(this.pid));
    look();
    const timer = setInterval(look, MEMORY_EVERY_MS);
    void this.ended.then(() => {
      clearInterval(timer);
      if (!this.doomed) tally.add('other', `the tenant ended by itself; its last words: ${lastLine(log())}`);
    });
  }
}

const lastLine = (log: string): string => log.trim().split('\n').at(-1)!.slice(0, 300);

async function portOf(child: ChildProcess, ended: Promise<unknown>): Promise<number> {
  let printed = '';
  const port = new Promise<number>((resolve) => {
    child.stdout!.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const [, found] = /serves at http:\/\/[^:]+:(\d+)/.exec(printed) ?? [];
      if (found) resolve(Number(found));
    });
  });
  const found = await Promise.race([port, ended, delay(START_MS, undefined, { ref: false })]);
  if (typeof found !== 'number') throw new Error(found ? 'it ended' : `it did not serve within ${START_MS / 1000} s`);
  return found;
}

async function getToken(port: number): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...CREDENTIALS });
  const signal = AbortSignal.timeout(STOP_MS);
  const answer = await fetch(`http://127.0.0.1:${port}/oidc/token`, { method: 'POST', body, signal });
  if (answer.status !== 200) throw new Error(`it gave no token, but ${answer.status}`);
  return ((await answer.json()) as { access_token: string }).access_token;
}
