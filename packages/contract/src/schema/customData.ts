/** The most that one custom data object may take as JSON, in bytes of UTF-8. */
export const CUSTOM_DATA_MAX_BYTES = 64 * 1024;
/** How deep custom data may nest. */
const CUSTOM_DATA_MAX_DEPTH = 64;

/**
 * Says why a custom data object, or another one that may be any, cannot be stored.
 * @param data an object as JSON.parse gave it
 * @param maxBytes the most that it may take as JSON, in bytes of UTF-8
 * @returns reasons that read after the property's name; none when it can be stored
 */
export function customDataFaults(data: object, maxBytes = CUSTOM_DATA_MAX_BYTES): string[] {
  const tooLarge = `must be at most ${maxBytes / 1024} KB as JSON`;
  const faults = new Set<string>();
  // A stack of our own: input nested 30,000 deep must not overflow the engine's.
  const open: { value: unknown; depth: number }[] = [{ value: data, depth: 1 }];
  let values = 0;
  while (open.length > 0) {
    const { value, depth } = open.pop()!;
    values += 1;
    // Each value takes two bytes at least, with what divides it from the next.
    if (2 * (values + open.length) > maxBytes + 2) return [tooLarge];
    if (typeof value === 'string') {
      if (value.length > maxBytes) return [tooLarge];
      if (!isStorable(value)) faults.add(UNSTORABLE);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) faults.add('must not contain numbers beyond the range of a double');
    } else if (value !== null && typeof value === 'object') {
      if (depth > CUSTOM_DATA_MAX_DEPTH) {
        return [`must not nest deeper than ${CUSTOM_DATA_MAX_DEPTH} levels`];
      }
      const isArray = Array.isArray(value);
      const keys = isArray ? [] : Object.keys(value);
      // Before anything is done for each of them.
      const members = isArray ? value.length : keys.length;
      if (2 * (values + open.length + members) > maxBytes + 2) return [tooLarge];
      for (const key of keys) {
        if (key.length > maxBytes) return [tooLarge];
        if (!isStorable(key)) faults.add(UNSTORABLE);
        open.push({ value: (value as Record<string, unknown>)[key], depth: depth + 1 });
      }
      if (isArray) for (const member of value as unknown[]) open.push({ value: member, depth: depth + 1 });
    }
  }
  if (faults.size === 0 && customDataBytes(data) > maxBytes) {
    faults.add(tooLarge);
  }
  return [...faults];
}

/** What custom data counts for against the limit: the bytes of its compact JSON in UTF-8. */
export function customDataBytes(data: object): number {
  return Buffer.byteLength(JSON.stringify(data));
}

// PostgreSQL's jsonb holds neither NUL nor half a surrogate pair.
const UNSTORABLE = 'must not contain NUL characters or broken Unicode';
const isStorable = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
