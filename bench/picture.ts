/** A stacked bar: what it is of, and its parts in microseconds. */
export interface Bar {
  title: string;
  tenant: number;
  postgres: number;
}

const [WIDTH, LEFT, ROW, TOP] = [760, 250, 34, 46];

/** A picture of where the CPU time of a request goes, as SVG. */
export function picture(bars: Bar[]): string {
  const most = Math.max(...bars.map(({ tenant, postgres }) => tenant + postgres));
  const scale = (WIDTH - LEFT - 110) / most;
  const rows = bars.map(({ title, tenant, postgres }, place) => {
    const [y, first, second] = [TOP + place * ROW, tenant * scale, postgres * scale];
    return `<text x="${LEFT - 10}" y="${y + 16}" text-anchor="end">${title}</text>
<rect x="${LEFT}" y="${y}" width="${first.toFixed(1)}" height="22" fill="#2f6f4f"/>
<rect x="${(LEFT + first).toFixed(1)}" y="${y}" width="${second.toFixed(1)}" height="22" fill="#8fb8d8"/>
<text x="${(LEFT + first + second + 8).toFixed(1)}" y="${y + 16}">${tenant.toFixed(0)} + ${postgres.toFixed(0)} µs</text>`;
  });
  const height = TOP + bars.length * ROW + 8;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#ffffff"/>
<rect x="${LEFT}" y="14" width="12" height="12" fill="#2f6f4f"/><text x="${LEFT + 18}" y="25">tenant</text>
<rect x="${LEFT + 90}" y="14" width="12" height="12" fill="#8fb8d8"/><text x="${LEFT + 108}" y="25">PostgreSQL</text>
${rows.join('\n')}
</svg>
`;
}
