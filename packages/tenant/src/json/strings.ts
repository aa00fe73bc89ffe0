/** A string of JSON text, between its quotes and with them. */
export interface WrittenString {
  start: number;
  end: number;
  isKey: boolean;
}

const SPACE = 0x20;

/** Each string of valid JSON. */
export function* stringsOf(text: string): Generator<WrittenString> {
  for (let start = text.indexOf('"'); start >= 0;) {
    let quote = text.indexOf('"', start + 1);
    while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
    let next = quote + 1;
    while (text.charCodeAt(next) <= SPACE) next += 1;
    yield { start, end: quote + 1, isKey: text[next] === ':' };
    start = text.indexOf('"', next);
  }
}

function isEscaped(text: string, quote: number): boolean {
  let before = quote - 1;
  while (text[before] === '\\') before -= 1;
  return (quote - before) % 2 === 0;
}
