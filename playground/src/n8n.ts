import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { N8N } from './installN8n.ts';
import { freePort } from './freePort.ts';
import { killGroup, runCommand } from './runCommand.ts';

const NODE_PACKAGE = path.resolve(import.meta.dirname, '../../packages/n8n-nodes-mosaic');

/** What this n8n stores of a workflow or credential; n8n knows further members. */
export type Stored = Record<string, unknown> & { id: string };

/** The items that one node of an execution gave. */
export interface Execution {
  status: string;
  /** By node name: the items of its first output. */
  items: Record<string, Record<string, unknown>[]>;
  /** By node name: how long it took, in milliseconds. */
  took: Record<string, number>;
  error: string | undefined;
}

/** Packs the built node as it would be published. @returns the tarball, in the folder */
export async function packTransmitNode(folder: string): Promise<string> {
  const packed = await runCommand('npm', ['pack', '--silent', '--pack-destination', folder], {
    cwd: NODE_PACKAGE,
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  return path.join(folder, packed.trim().split('\n').at(-1)!);
}

/** A real n8n with the built Transmit node, in a user folder of its own. */
export class N8n {
  readonly folder: string;
  #port: number;
  #server: ChildProcess | undefined;
  #signal: AbortSignal | undefined;
  #env: Record<string, string>;

  /**
   * @param folder kept between runs; n8n's database is in it
   * @param more what ends it, and what else is in its environment
   */
  constructor(folder: string, port: number, more: { signal?: AbortSignal; env?: Record<string, string> } = {}) {
    this.folder = folder;
    this.#port = port;
    this.#signal = more.signal;
    this.#env = more.env ?? {};
  }

  /** The folder whose files its workflows may read and write. */
  get files(): string {
    return path.join(this.folder, '.n8n-files');
  }

  get url(): string {
    return `http://localhost:${this.#port}`;
  }

  /** Puts the node where n8n looks for community nodes: what would be published of it, and nothing else. */
  async addTransmitNode(): Promise<void> {
    const target = path.join(this.folder, '.n8n/nodes/node_modules/n8n-nodes-mosaic');
    await rm(target, { recursive: true, force: true });
    await mkdir(target, { recursive: true });
    const tarball = await packTransmitNode(this.folder);
    await runCommand('tar', ['-xzf', tarball, '--strip-components', '1', '-C', target]);
    await rm(tarball);
  }

  /** Stores credentials, their data encrypted; one with the same ID is replaced. */
  importCredential(...credentials: Stored[]): Promise<void> {
    return this.#import('import:credentials', credentials);
  }

  /** Stores workflows; one with the same ID is replaced. */
  importWorkflow(...workflows: Stored[]): Promise<void> {
    return this.#import('import:workflow', workflows);
  }

  /** Makes a stored workflow live: its triggers and webhooks work once the editor is started. */
  async publish(workflowId: string): Promise<void> {
    await this.#run(['publish:workflow', `--id=${workflowId}`]);
  }

  async #import(command: string, records: Stored[]): Promise<void> {
    const directory = await mkdtemp(path.join(tmpdir(), 'tessera-import-'));
    try {
      const file = path.join(directory, 'import.json');
      await writeFile(file, JSON.stringify(records), { mode: 0o600 });
      await this.#run([command, `--input=${file}`]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /**
   * Executes a workflow to its end, without the editor.
   * @param onStart told of the process
   * @throws CommandError when n8n itself fails
   */
  async execute(workflowId: string, onStart?: (pid: number) => void): Promise<Execution> {
    const output = await this.#run(['execute', `--id=${workflowId}`, '--rawOutput'], onStart);
    // What n8n says of itself comes before and after.
    const json = output.slice(output.indexOf('\n{') + 1, output.lastIndexOf('\n}') + 2);
    const { status, data } = JSON.parse(json) as RawExecution;
    const items = Object.entries(data.resultData.runData).map(([name, runs]) => [
      name,
      (runs.at(-1)?.data?.main?.[0] ?? []).map(({ json }) => json),
    ]);
    const took = Object.entries(data.resultData.runData).map(([name, runs]) => [name, runs.at(-1)?.executionTime ?? 0]);
    return {
      status,
      items: Object.fromEntries(items) as Execution['items'],
      took: Object.fromEntries(took) as Execution['took'],
      error: data.resultData.error?.message,
    };
  }

  async #run(args: string[], onStart?: (pid: number) => void): Promise<string> {
    return runCommand(process.execPath, [N8N, ...args], {
      env: await this.#environment(),
      signal: this.#signal,
      ...(onStart && { onStart }),
    });
  }

  /** Starts the editor. @throws Error when it ends before it serves */
  async start(): Promise<void> {
    const server = spawn(process.execPath, [N8N, 'start'], {
      env: await this.#environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      // Ctrl-C in the terminal is for the one who started it, who then stops n8n.
      detached: true,
    });
    this.#server = server;
    let tail = '';
    server.stderr.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString()).slice(-2000)));
    for (;;) {
      if (server.exitCode !== null) throw new Error(`n8n ended (${server.exitCode}):\n${tail}`);
      if (this.#signal?.aborted) throw this.#signal.reason as Error;
      const answer = await fetch(`${this.url}/healthz/readiness`).catch(() => undefined);
      if (answer?.ok) return;
      await delay(200);
    }
  }

  /** Makes the owner whom the editor wants at its first start; one that is there already stays. */
  async makeOwner(owner: { email: string; password: string }): Promise<void> {
    const answer = await fetch(`${this.url}/rest/owner/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...owner, firstName: 'Tessera', lastName: 'Owner' }),
    });
    // 400: there is an owner already.
    if (!answer.ok && answer.status !== 400) throw new Error(`n8n took no owner: HTTP status ${answer.status}`);
  }

  /** Resolves when the editor has ended, asked or not. */
  async ended(): Promise<void> {
    if (this.#server?.exitCode === null && this.#server.signalCode === null) await once(this.#server, 'exit');
  }

  async stop(): Promise<void> {
    killGroup(this.#server?.pid, 'SIGTERM');
    const stopped = await Promise.race([this.ended().then(() => true), delay(10_000, false, { ref: false })]);
    if (!stopped) killGroup(this.#server?.pid, 'SIGKILL');
    this.#server = undefined;
  }

  async #environment(): Promise<NodeJS.ProcessEnv> {
    return {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TZ: process.env.TZ ?? 'UTC',
      N8N_USER_FOLDER: this.folder,
      N8N_PORT: String(this.#port),
      // A free one each time, so that two n8n on one machine do not meet.
      N8N_RUNNERS_BROKER_PORT: String(await freePort()),
      N8N_LISTEN_ADDRESS: '127.0.0.1',
      N8N_SECURE_COOKIE: 'false',
      N8N_RESTRICT_FILE_ACCESS_TO: this.files,
      N8N_LOG_LEVEL: 'info',
      // It works without the internet, and tells nobody of it.
      N8N_DIAGNOSTICS_ENABLED: 'false',
      N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
      N8N_TEMPLATES_ENABLED: 'false',
      N8N_PERSONALIZATION_ENABLED: 'false',
      N8N_HIRING_BANNER_ENABLED: 'false',
      ...this.#env,
    };
  }
}

/** The part of `n8n execute --rawOutput` that is read here. */
interface RawExecution {
  status: string;
  data: {
    resultData: {
      runData: Record<
        string,
        { executionTime: number; data?: { main?: ({ json: Record<string, unknown> }[] | null)[] } }[]
      >;
      error?: { message: string };
    };
  };
}
