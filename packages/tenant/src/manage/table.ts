/** Rows for people to read: columns of one width each, a name at the top; one row alone, a line for each member. */
export function asTable(answer: Record<string, unknown> | Record<string, unknown>[]): string {
  if (!Array.isArray(answer)) {
    const width = Math.max(...Object.keys(answer).map((name) => name.length));
    return Object.entries(answer)
      .map(([name, value]) => `${name.padEnd(width)}  ${String(value)}\n`)
      .join('');
  }
  const [first] = answer;
  if (!first) return 'There is none.\n';
  const names = Object.keys(first);
  const lines = [names, ...answer.map((row) => names.map((name) => String((row[name] as string | undefined) ?? '')))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
