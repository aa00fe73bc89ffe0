import { canonicalEmail } from '@tessera/contract';
import { RuleError } from '../rules/errors.ts';
import { FilterError, readFilter, type Filter, type Literal } from './grammar.ts';
import { SEARCH_FIELD_NAMES, searchField, type SearchField } from './searchFields.ts';

/** How a value of a field is compared with the one searched for. */
export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le' | 'sw';

/** What users must be like to be found. */
export type Condition =
  | { op: 'and' | 'or'; conditions: Condition[] }
  | { op: 'not'; condition: Condition }
  /** The field is present. */
  | { op: 'pr'; field: SearchField }
  /**
   * `ne` is the opposite of `eq`: it also finds users who lack the field. Times are milliseconds since the epoch; everything
   * else is text as it was written, so that no digit of a number is lost.
   */
  | { op: Comparison; field: SearchField; value: string | number };

const COMPARISONS: readonly string[] = ['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sw'] satisfies Comparison[];

/**
 * Reads a search expression: a SCIM filter (RFC 7644, 3.4.2.2) over the fields that can be searched.
 * @throws RuleError that points at the position of the fault, counted from 1
 */
export function parseSearch(expression: string): Condition {
  try {
    return conditionOf(readFilter(expression));
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new RuleError(`search ${error.message} (at position ${error.position})`);
  }
}

function conditionOf(filter: Filter): Condition {
  switch (filter.op) {
    case 'and':
    case 'or':
      return { op: filter.op, conditions: filter.parts.map(conditionOf) };
    case 'not':
      return { op: 'not', condition: conditionOf(filter.part) };
    case 'pr':
      return { op: 'pr', field: fieldOf(filter) };
    case 'compare': {
      const field = fieldOf(filter);
      const { operator, literal, position } = filter;
      if (!isComparison(operator)) {
        throw new FilterError('knows only the operators eq, ne, gt, ge, lt, le, sw and pr', position);
      }
      return { op: operator, field, value: valueOf(field, operator, literal, position) };
    }
  }
}

const isComparison = (operator: string): operator is Comparison => COMPARISONS.includes(operator);

function fieldOf({ attribute, position }: { attribute: string; position: number }): SearchField {
  const field = searchField(attribute);
  if (!field) throw new FilterError(`can name only ${SEARCH_FIELD_NAMES.join(', ')}`, position);
  return field;
}

function valueOf(field: SearchField, op: Comparison, literal: Literal, position: number): string | number {
  if (literal.type === 'null') {
    throw new FilterError('cannot compare with null; use pr to ask whether a field is present', position);
  }
  const { type, text } = literal;
  if (!text.isWellFormed() || text.includes('\u0000')) {
    throw new FilterError('must not contain NUL characters or broken Unicode', position);
  }
  if (field.type === 'time') {
    if (op === 'sw') throw new FilterError('cannot use sw on a time', position);
    return wholeMilliseconds(millisecondsOf(text, position), op);
  }
  if (field.type === 'json' && op === 'sw' && type !== 'string') {
    throw new FilterError('can use sw only with text', position);
  }
  return field.type === 'email' ? canonicalEmail(text) : text;
}

const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:\d{2})?)?$/i;

/** No user has it. */
const NEVER = Number.MIN_SAFE_INTEGER;

/** Times are kept in whole milliseconds: what a part of one comes to depends on how it is compared. */
function wholeMilliseconds(milliseconds: number, op: string): number {
  if (Number.isInteger(milliseconds)) return milliseconds;
  if (op === 'eq' || op === 'ne') return NEVER;
  return op === 'ge' || op === 'lt' ? Math.ceil(milliseconds) : Math.floor(milliseconds);
}

/** Milliseconds since the epoch, or a date or date-time in ISO 8601; UTC unless it says otherwise. Those may have fractions. */
function millisecondsOf(text: string, position: number): number {
  if (/^-?\d{1,16}(\.\d+)?$/.test(text)) return Number(text);
  const [, year, month, day, time, zone = 'Z'] = DATE.exec(text) ?? [];
  const date = `${year}-${month}-${day}`;
  const midnight = new Date(`${date}T00:00:00Z`);
  // Date rolls 30 February over to March instead of refusing it.
  const exists = !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(date);
  const milliseconds = exists ? Date.parse(`${date}T${time ?? '00:00'}${zone}`) : NaN;
  if (Number.isNaN(milliseconds)) {
    throw new FilterError('needs a date or milliseconds to compare a time with', position);
  }
  // Date knows three digits of a second.
  const [, more = '0'] = /\.\d{3}(\d+)/.exec(time ?? '') ?? [];
  return milliseconds + Number(`0.${more}`);
}
