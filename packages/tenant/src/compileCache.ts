import { lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

/**
 * Keeps compiled code between starts, a third of a start, in a directory that nobody else can write to: whoever can put code
 * there runs it as this user. Where there is no such directory, there is no cache.
 */
export function keepCompiledCode(): void {
  const directory = path.join(process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'tessera', 'compiled');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(directory);
    if (uid === process.getuid?.() && (mode & 0o077) === 0) enableCompileCache(directory);
  } catch {
    // A home that is not there or cannot be written: the start takes longer.
  }
}
