import { createUsers, startBench } from './harness.ts';

/** How long the longest searches take, of every shape that makes parsers or databases slow; 50 ms is promised for each. */
const MOST_MS = 50;
const CHARACTERS = 8192;
/** The most that a search may join. */
const EXPRESSIONS = 100;
const ROUNDS = 20;
const USERS = 100;

/** So often that it fits. */
const fill = (piece: string, before = '', after = ''): string =>
  before + piece.repeat(Math.floor((CHARACTERS - before.length - after.length) / piece.length)) + after;
const clauses = (clause: (place: number) => string, link: string, most = EXPRESSIONS): string => {
  let text = clause(0);
  for (let place = 1; ; place += 1) {
    const next = `${text} ${link} ${clause(place)}`;
    if (next.length > CHARACTERS || place === most) return text;
    text = next;
  }
};
const characters = (alphabet: string): string =>
  Array.from({ length: CHARACTERS }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join('');

const SHAPES: Record<string, () => string> = {
  'line breaks after an open quote': () => fill('\n', 'status eq "'),
  'backslashes after an open quote': () => fill('\\', 'status eq "'),
  'escapes after an open quote': () => fill('\\u00e9', 'status eq "'),
  'quotes alone': () => fill('"'),
  'one long string': () => fill('a', 'email eq "', '"'),
  'one long attribute': () => fill('a', '', ' pr'),
  'one long path': () => fill('a.', 'custom_app_data.', 'a pr'),
  'one long number': () => fill('1', 'custom_app_data.n eq '),
  blanks: () => fill(' '),
  'open parentheses': () => fill('('),
  'nested parentheses': () => `${'('.repeat(4000)}email pr${')'.repeat(4000)}`,
  nots: () => fill('not '),
  'nots in parentheses': () => fill('not ('),
  brackets: () => fill('emails[', '', ''),
  ands: () => clauses((place) => `external_user_id eq "${place}"`, 'and'),
  ors: () => clauses((place) => `external_user_id eq "${place}"`, 'or'),
  'ors of custom data': () => clauses((place) => `custom_app_data.a${place} gt ${place}`, 'or'),
  'ors of names': () => clauses((place) => `name.first_name sw "${place}"`, 'or'),
  'ands of emails': () => clauses((place) => `email sw "u${place}"`, 'and'),
  'ands and ors': () => clauses((place) => `email sw "${place}" and status pr or phone_number pr`, 'and', 33),
  keywords: () => fill('and or not pr eq '),
  'random punctuation': () => characters('"\\()[] \n\t.eqandornpt019-+'),
  'random letters': () => characters('abcdefghijklmnopqrstuvwxyz '),
  'random Unicode': () => characters('é\u2028\u0000\ufeff日本語"\\() '),
};

const bench = await startBench();
await createUsers(bench, USERS);

async function measure(search: string): Promise<number> {
  const url = `${bench.url}/cis/v1/users?search=${encodeURIComponent(search)}`;
  const began = performance.now();
  await (await fetch(url, { headers: bench.headers })).arrayBuffer();
  return performance.now() - began;
}

try {
  process.stdout.write(`${ROUNDS} searches of ${CHARACTERS} characters of each shape, ${USERS} users\n`);
  for (const [shape, make] of Object.entries(SHAPES)) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) times.push(await measure(make().slice(0, CHARACTERS)));
    times.sort((a, b) => a - b);
    const [median, slowest] = [times[ROUNDS / 2]!, times.at(-1)!];
    if (slowest > MOST_MS) process.exitCode = 1;
    process.stdout.write(
      `${shape.padEnd(32)} median ${median.toFixed(1).padStart(6)} ms   slowest ${slowest.toFixed(1).padStart(6)} ms\n`,
    );
  }
} finally {
  await bench.stop();
}
