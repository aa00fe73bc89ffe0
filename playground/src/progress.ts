/** Tells the person at the terminal what is going on: on standard error, so that standard output holds results alone. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/**
 * Tells how far a long step is: every few seconds, in a line of its own.
 * @param measure gives the share that is done, from 0 to 1, when it can be told
 */
export async function withProgress<T>(
  what: string,
  measure: () => number | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const began = performance.now();
  const seconds = (): string => `${Math.round((performance.now() - began) / 1000)} s`;
  tell(`${what} …`);
  const timer = setInterval(() => {
    const share = measure();
    const percent = share === undefined ? '' : ` ${Math.min(99, Math.floor(share * 100))} %,`;
    tell(`  ${what}:${percent} ${seconds()}`);
  }, 10_000);
  try {
    const result = await work();
    tell(`  done in ${seconds()}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
