import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import type { Cost } from './requests.ts';

/** What `bench/requests.ts` has found. CPU times are microseconds, memory is in MB. */
export interface Report {
  costs: Record<string, Cost>;
  references: Record<string, number>;
  memory: { idle: number; loaded: number };
  settings: { users: number; connections: number; rounds: number; seconds: number };
}

const PAGE = path.resolve(import.meta.dirname, '../docs/performance.md');
const [BEGIN, END] = ['<!-- Made by `npm run bench -- --write`. -->', '<!-- The end of what is made. -->'];

/** Prints what was found; into docs/performance.md as well, between its two marks, when asked. */
export async function writeReport(report: Report, intoPage: boolean): Promise<void> {
  const text = tables(report);
  process.stdout.write(`${text}\n`);
  if (!intoPage) return;
  const page = await readFile(PAGE, 'utf8');
  const [before, rest] = page.split(BEGIN) as [string, string];
  const [, after] = rest.split(END) as [string, string];
  await writeFile(PAGE, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
  execFileSync('npx', ['prettier', '--write', PAGE], { stdio: 'ignore' });
}

function tables({ costs, references, memory, settings }: Report): string {
  const plain = costs['update of plain attributes']!;
  const cores = `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'})`;
  return [
    `${cores}, ${(totalmem() / 2 ** 30).toFixed(0)} GB, Linux ${release()}, Node ${process.versions.node}, PostgreSQL 18 embedded, which flushes to ` +
      `disk; ${settings.users} users, ${settings.connections} connections of wrk on the same machine, medians of ${settings.rounds} rounds of ` +
      `${settings.seconds} s, ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| Request | a second | to a plain update | p50 | p99 | CPU of the tenant | CPU of PostgreSQL |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...Object.entries(costs).map(
      ([name, { rate, p50, p99, tenant, postgres }]) =>
        `| ${name} | ${round(rate)} | ${(rate / plain.rate).toFixed(2)} | ${p50.toFixed(1)} ms | ${p99.toFixed(1)} ms | ${tenant.toFixed(0)} µs | ${postgres.toFixed(0)} µs |`,
    ),
    '',
    '| Beside it | a second | a plain update through HTTP is |',
    '| --- | --- | --- |',
    ...Object.entries(references).map(
      ([name, rate]) => `| ${name} | ${round(rate)} | ${(plain.rate / rate).toFixed(2)} of it |`,
    ),
    '',
    `The tenant holds ${memory.idle.toFixed(0)} MB when idle and ${memory.loaded.toFixed(0)} MB after the load.`,
  ].join('\n');
}

const round = (rate: number): string => String(Math.round(rate / 10) * 10);
