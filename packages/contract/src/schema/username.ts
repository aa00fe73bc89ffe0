/**
 * Usernames by the profile UsernameCaseMapped of RFC 8265 (PRECIS): words of letters, digits and visible ASCII, one space
 * between words. The rule about text direction (its step 5) is not enforced.
 */

/** The form in which usernames are compared: full-width characters made ordinary, lower case, composed (NFC). */
export const canonicalUsername = (value: string): string =>
  value
    .replaceAll(/[\uff01-\uff5e\uff61-\uffdc\uffe0-\uffee]/gu, (wide) => wide.normalize('NFKC'))
    .toLowerCase()
    .normalize('NFC');

// RFC 8264, 9: ASCII7 and LetterDigits, without what is ignored when shown or has another form that means the same.
const ALLOWED = /^(?:[\x21-\x7e]|(?!\p{Default_Ignorable_Code_Point})[\p{Ll}\p{Lu}\p{Lo}\p{Lm}\p{Mn}\p{Mc}\p{Nd}])+$/u;

/** Whether a text may be a username. */
export function isUsername(value: string): boolean {
  const form = canonicalUsername(value);
  return form.normalize('NFKC') === form && form.split(' ').every((word) => ALLOWED.test(word));
}
