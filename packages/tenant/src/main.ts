#!/usr/bin/env -S node --v8-pool-size=1 --max-semi-space-size=16
// One thread beside the main one compiles and collects garbage: more of them take the cores that PostgreSQL and its clients need.
// What requests leave behind is collected from 16 MB, which holds that of hundreds: V8 would take four times as much memory for it.
import { keepCompiledCode } from './compileCache.ts';
import { boundMemory } from './memory.ts';
import { StartError } from './startError.ts';

// Before the code is loaded.
keepCompiledCode();
boundMemory();
const { run } = await import('./run.ts');

await run().catch((error: unknown) => {
  if (!(error instanceof StartError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
