import { enableCompileCache } from 'node:module';
import { StartError } from './startError.ts';

// Compiled code is kept between starts, and must be asked for before the code is loaded: a third of a start.
enableCompileCache();
const { run } = await import('./run.ts');

await run().catch((error: unknown) => {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
