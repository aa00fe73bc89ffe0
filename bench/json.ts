import { JSON_LIMITS, JsonReader } from '../packages/contract/src/index.ts';

/** Reads JSON bodies with the server's reader and with `JSON.parse`, in turn, and prints how much longer the reader takes. */
const ROUNDS = 7;
const CHARACTERS_A_ROUND = 30_000_000;
const MOST_RATIO = 3.5; // 3, and what a busy machine adds

const user = (n: number) => ({
  user_id: `018f3c8e-7c1a-7b3e-9d3a-${String(n).padStart(12, '0')}`,
  email: `ada.lovelace${n}@example.com`,
  name: { first_name: 'Ada', last_name: 'Lovelace' },
  address: { city: 'London', country: 'GB', street_address: '12 St James Square' },
  birthday: '1815-12-10',
  custom_data: { plan: 'gold', score: n * 1.5, tags: ['a', 'b', 'c'], active: true, manager: null },
});
const many = { updates: Array.from({ length: 1000 }, (_, n) => user(n)) };
const BODIES: Record<string, string> = {
  'a small update': JSON.stringify({ email: 'ada@example.com', custom_data: { plan: 'gold' } }),
  'a user': JSON.stringify(user(1)),
  '1,000 users': JSON.stringify(many),
  '1,000 users, indented': JSON.stringify(many, null, 2),
  'a long text': JSON.stringify({ custom_data: { text: 'x'.repeat(60_000) } }),
};

function read(text: string): unknown {
  const reader = new JsonReader(text, JSON_LIMITS);
  reader.read();
  return reader.result;
}

/** Nanoseconds of one call. */
function timeOf(work: (text: string) => unknown, text: string): number {
  const calls = Math.ceil(CHARACTERS_A_ROUND / text.length);
  const began = process.hrtime.bigint();
  for (let call = 0; call < calls; call += 1) work(text);
  return Number(process.hrtime.bigint() - began) / calls;
}

process.stdout.write(`${'body'.padEnd(24)}JSON.parse    reader     ratio\n`);
for (const [name, body] of Object.entries(BODIES)) {
  const text = Buffer.from(body).toString();
  const times = { native: Infinity, reader: Infinity };
  for (let round = 0; round < ROUNDS; round += 1) {
    times.native = Math.min(times.native, timeOf(JSON.parse, text));
    times.reader = Math.min(times.reader, timeOf(read, text));
  }
  const ratio = times.reader / times.native;
  if (ratio > MOST_RATIO) process.exitCode = 1;
  const microseconds = (ns: number): string => `${(ns / 1000).toFixed(1)} µs`.padStart(11);
  process.stdout.write(
    `${name.padEnd(22)}${microseconds(times.native)}${microseconds(times.reader)}${ratio.toFixed(2).padStart(8)}\n`,
  );
}
