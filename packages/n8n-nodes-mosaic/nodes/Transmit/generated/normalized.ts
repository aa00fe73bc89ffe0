// Generated from packages/contract/src/schema/normalized.ts by "npm run generate". Edit it there.

/**
 * The longest text that is normalized, in UTF-16 code units: twice the longest identifier, since Unicode normalization takes
 * quadratic time in combining marks. No identifier is longer, so longer text matches nobody in whatever form.
 */
const MAX_LENGTH = 1024;

/**
 * A text in a Unicode normalization form (UAX 15). This is the only place that may call `String.prototype.normalize`.
 * @returns the text itself when it is longer than 1,024 UTF-16 code units
 */
export const normalized = (text: string, form: 'NFC' | 'NFKC'): string =>
	text.length > MAX_LENGTH ? text : text.normalize(form);

/** Whether a text is short enough to be normalized, and so to be compared with an identifier. */
export const isNormalizable = (text: string): boolean => text.length <= MAX_LENGTH;
