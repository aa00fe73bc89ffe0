/** What can go wrong, with the heading of its column. */
export const FAULTS = {
  lost: 'lost',
  serverError: 'bad 5xx',
  outside: 'outside',
  changed: 'changed',
  unanswered: 'unanswered',
  other: 'other',
} as const;

/**
 * - lost: an acknowledged write that is not there
 * - serverError: a 5xx that is not 503 with Retry-After
 * - outside: an answer that the OpenAPI document does not list
 * - changed: a change made by a request that was refused
 * - unanswered: a request without an answer after 10 s, or whose connection was cut, while the tenant ran
 * - other: another promise that the attack is about, such as that the tenant goes on
 */
export type Fault = keyof typeof FAULTS;

/** The most memory that the tenant may take. */
export const MOST_MEMORY_BYTES = 512 * 1024 * 1024;
/** How many sentences are kept of a fault of an attack: many faults have one cause. */
const MOST_SENTENCES = 12;

/** The counts of one attack. */
export class Tally {
  readonly counts: Record<Fault, number> = { lost: 0, serverError: 0, outside: 0, changed: 0, unanswered: 0, other: 0 };
  memoryBytes = 0;
  seconds = 0;
  /** How many requests were sent, how many updates were acknowledged: an attack without any would prove nothing. */
  requests = 0;
  acknowledged = 0;
  /** Why the attack cannot be made here. */
  skipped: string | undefined;
  #sentences = new Map<Fault, Map<string, { count: number; example: string }>>();

  readonly attack: string;

  constructor(attack: string) {
    this.attack = attack;
  }

  /** @param example what shows it; the first one of a sentence is kept */
  add(fault: Fault, sentence: string, count = 1, example = ''): void {
    if (count === 0) return;
    this.counts[fault] += count;
    const known = this.#sentences.get(fault) ?? new Map<string, { count: number; example: string }>();
    this.#sentences.set(fault, known);
    const seen = known.get(sentence);
    if (seen) seen.count += count;
    else if (known.size < MOST_SENTENCES) known.set(sentence, { count, example });
  }

  seeMemory(bytes: number): void {
    this.memoryBytes = Math.max(this.memoryBytes, bytes);
  }

  get failed(): boolean {
    return Object.values(this.counts).some((count) => count > 0) || this.memoryBytes > MOST_MEMORY_BYTES;
  }

  /** A sentence for each fault that was seen, with how often. */
  get sentences(): string[] {
    return [...this.#sentences].flatMap(([fault, sentences]) =>
      [...sentences].map(
        ([sentence, { count, example }]) =>
          `${this.attack}, ${FAULTS[fault]}: ${sentence} (${count} times)${example && `, first at ${example}`}`,
      ),
    );
  }
}

/** A plain table: a row an attack. */
export function table(tallies: readonly Tally[]): string {
  const heading = ['attack', 'requests', 'acknowledged', ...Object.values(FAULTS), 'memory MB', 'seconds'];
  const rows = tallies.map((tally) => [
    tally.attack,
    ...(tally.skipped
      ? ['skipped']
      : [
          tally.requests,
          tally.acknowledged,
          ...Object.values(tally.counts),
          Math.ceil(tally.memoryBytes / 1024 / 1024),
          tally.seconds.toFixed(1),
        ].map(String)),
  ]);
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return [heading, ...rows].map((cells) => `${line(cells)}\n`).join('');
}
