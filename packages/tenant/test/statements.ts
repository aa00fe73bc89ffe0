import pg from 'pg';

/**
 * Everything that is asked of PostgreSQL in this process, so that what a cluster of Citus refuses is found by whatever test
 * makes the product send it.
 */
const sent = new Set<string>();

type Query = (this: pg.Client, ...of: unknown[]) => unknown;
const client = pg.Client.prototype as unknown as { query: Query };
const query = client.query;
client.query = function (config, ...rest) {
  const text = typeof config === 'string' ? config : (config as { text?: string; cursor?: unknown } | null)?.text;
  if (text) sent.add(text);
  return query.call(this, config, ...rest);
};

/** Functions that are not immutable, of those that one might use here. */
const NOT_IMMUTABLE =
  /\b(?:jsonb?_build_(?:object|array)|to_jsonb?|jsonb?_(?:object_)?agg|jsonb?_to_record(?:set)?|row_to_json|concat(?:_ws)?|format|now|clock_timestamp|to_char)\s*\(/i;

/** Why Citus would refuse a statement, where its tables lie as `docs/scale.md` has it; undefined when it takes it. */
export function refusedByCitus(text: string): string | undefined {
  if (/\bfor\s+(?:no\s+key\s+update|update|key\s+share|share)\b/i.test(text) && /\b(?:any|in)\s*\(/i.test(text)) {
    return 'it locks rows of several shards (0A000)';
  }
  if (/\b(?:update|insert|delete)\b/i.test(text)) {
    for (const part of [...nested(text, /\bcoalesce\s*\(/gi, '(', ')'), ...nested(text, /\bcase\b/gi, 'case', 'end')]) {
      if (NOT_IMMUTABLE.test(part)) return 'it has a function in CASE or COALESCE that is not immutable (0A000)';
    }
  }
  // Tables that are distributed by other columns meet in subqueries and CTEs alone.
  if (/\bjoin\s+identifiers\b|\bidentifiers\s+join\s+users\b/i.test(text))
    return 'it joins tables of different layouts';
  if (/\bnextval\b|\bcreate\s+(?:trigger|sequence)\b|\breferences\b/i.test(text)) return 'it needs one machine';
  return undefined;
}

/** The parts of a text from where a pattern is to the end that belongs to it. */
function nested(text: string, start: RegExp, open: string, close: string): string[] {
  const words = new RegExp(open === '(' ? '[()]' : `\\b(?:${open}|${close})\\b`, 'gi');
  return [...text.matchAll(start)].map(({ index }) => {
    let depth = 0;
    words.lastIndex = index;
    for (let word = words.exec(text); word; word = words.exec(text)) {
      depth += word[0].toLowerCase() === open ? 1 : -1;
      if (depth === 0) return text.slice(index, words.lastIndex);
    }
    return text.slice(index);
  });
}

/** @throws Error when something was sent that Citus would refuse */
export function expectDistributable(): void {
  for (const text of sent) {
    const why = refusedByCitus(text);
    if (why) throw new Error(`Citus would refuse a statement, since ${why}: ${text}`);
  }
}
