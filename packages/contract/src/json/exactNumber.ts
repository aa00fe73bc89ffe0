/** Numbers with fewer characters than this keep all their digits as doubles (IEEE 754: 15 decimal digits always do). */
const SURELY_EXACT = 16;
/** No double needs more characters to be written without an exponent, apart from needless zeros. */
const SURELY_INEXACT = 1100;

/**
 * Whether a number that was written as text is the same as a double.
 * @param written a JSON number (RFC 8259, 6)
 * @param value what `Number` makes of it
 */
export function isExact(written: string, value: number): boolean {
  if (written.length < SURELY_EXACT && !/[eE]/.test(written)) return true;
  if (written.length > SURELY_INEXACT) return false;
  return decimal(written) === decimal(String(value));
}

/** A number as its significant digits and their exponent, so that equal numbers are written alike. */
function decimal(text: string): string {
  const sign = text.startsWith('-') ? '-' : '';
  const [mantissa = '', exponent = '0'] = text.slice(sign.length).toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  let first = 0;
  while (digits[first] === '0') first += 1;
  let end = digits.length;
  while (end > first && digits[end - 1] === '0') end -= 1;
  if (first === end) return '0';
  return `${sign}${digits.slice(first, end)}e${Number(exponent) - fraction.length + digits.length - end}`;
}
