import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import path from 'node:path';

export const DOCS = path.resolve(import.meta.dirname, '../docs');

/** The machine and the versions that figures are of. */
export const machine = (): string =>
  `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), ${(totalmem() / 2 ** 30).toFixed(0)} GB, Linux ${release()}, ` +
  `Node ${process.versions.node}, the embedded PostgreSQL 18 with its flushes to disk, ${new Date().toISOString().slice(0, 10)}`;

export const table = (head: string[], rows: string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Prints what a bench has found and, with `--write`, puts it between the marks of its name in docs/performance.md. */
export async function tell(name: string, text: string): Promise<void> {
  process.stdout.write(`${text}\n`);
  if (!process.argv.includes('--write')) return;
  const page = path.join(DOCS, 'performance.md');
  const old = await readFile(page, 'utf8');
  const [begin, end] = [`<!-- made by bench/${name}.ts -->`, `<!-- end of bench/${name}.ts -->`];
  const [from, to] = [old.indexOf(begin), old.indexOf(end)];
  if (from < 0 || to < 0) throw new Error(`docs/performance.md has no place for ${name}`);
  await writeFile(page, `${old.slice(0, from)}${begin}\n\n${text}\n\n${old.slice(to)}`);
  execFileSync('npx', ['prettier', '--write', page], { stdio: 'ignore' });
}
