import type { ReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * Reads the lines of a file as bytes; a line ends with a line feed and nothing else.
 * @param input a file opened as `latin1`, bytes as characters: of text, readline would take U+2028 for an end too, and not
 *   tell what is no UTF-8
 */
export async function* linesOf(input: ReadStream): AsyncGenerator<Buffer> {
  for await (const line of createInterface({ input, crlfDelay: Infinity })) yield Buffer.from(line, 'latin1');
}
