import { normalized } from './normalized.ts';

/**
 * Usernames by the profile UsernameCaseMapped of RFC 8265 (PRECIS): words of letters, digits and visible ASCII, one space
 * between words. The rule about text direction (its step 5) is not enforced.
 */

/** The form in which usernames are compared: full-width characters made ordinary, lower case, composed (NFC). */
export const canonicalUsername = (value: string): string =>
  normalized(
    value.replaceAll(/[\uff01-\uff5e\uff61-\uffdc\uffe0-\uffee]/gu, (wide) => normalized(wide, 'NFKC')).toLowerCase(),
    'NFC',
  );

// RFC 8264, 9: ASCII7 and LetterDigits. One class instead of alternatives, so that each text matches in one way only.
const WORD = /^[\x21-\x7e\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}]+$/u;
/** Not shown, so that two usernames could look the same. */
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/u;

/** Whether a text may be a username. */
export function isUsername(value: string): boolean {
  const form = canonicalUsername(value);
  return normalized(form, 'NFKC') === form && !IGNORABLE.test(form) && form.split(' ').every((word) => WORD.test(word));
}
