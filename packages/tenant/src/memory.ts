import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 collect garbage when the heap has grown by a third, and not fourfold as it would: large answers leave much behind,
 * and the process must stay below the 512 MB that it promises. (--max-old-space-size does as much, but only from the
 * command line.)
 */
export function boundMemory(): void {
  setFlagsFromString('--heap-growing-percent=30');
}
