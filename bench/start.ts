import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** How long a tenant takes until it serves, beside a Node that does nothing: the first start, and those after it. */
const ROUNDS = 5;
const MAIN = path.resolve(import.meta.dirname, '../packages/tenant/dist/main.js');

async function startAndStop(directory: string): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', directory], {
    env: { PATH: process.env.PATH, TESSERA_LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    if (output.includes('serves at')) break;
  }
  const took = performance.now() - began;
  child.kill('SIGTERM');
  if (child.exitCode === null) await once(child, 'exit');
  return took;
}

function bareNode(): number {
  const began = performance.now();
  spawnSync(process.execPath, ['-e', '0']);
  return performance.now() - began;
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

const first: number[] = [];
const warm: number[] = [];
const bare: number[] = [];
for (let round = 1; round <= ROUNDS; round += 1) {
  const directory = await mkdtemp(path.join(tmpdir(), 'tessera-bench-'));
  try {
    bare.push(bareNode());
    first.push(await startAndStop(directory));
    warm.push(await startAndStop(directory));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
for (const [what, values] of Object.entries({ 'bare Node': bare, 'first start': first, 'warm start': warm })) {
  const ratio = median(values.map((value, round) => value / bare[round]!));
  process.stdout.write(
    `${what.padEnd(12)} ${median(values).toFixed(0).padStart(6)} ms   ${ratio.toFixed(1)} × bare Node\n`,
  );
}
