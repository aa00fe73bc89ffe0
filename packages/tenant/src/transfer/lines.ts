const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Reads the lines of a file as bytes. A line ends with a line feed, which a carriage return may come before, and with nothing else.
 * @param maxBytes how much of a line is kept; of a longer one, a little more
 */
export async function* linesOf(input: AsyncIterable<Buffer>, maxBytes = Infinity): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  const add = (part: Buffer): void => {
    // Of two bytes more, a carriage return may be taken off.
    const kept = part.subarray(0, Math.max(0, maxBytes + 2 - length));
    if (kept.length > 0) parts.push(kept);
    length += kept.length;
  };
  const take = (): Buffer => {
    const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    parts = [];
    length = 0;
    return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
  };
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (length > 0) yield take();
}
