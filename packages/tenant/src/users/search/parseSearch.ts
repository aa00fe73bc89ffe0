import type { Filter } from 'scim2-parse-filter';
import { parseFilter, tokenizer, Tokens, type Token } from 'scim2-parse-filter/lib/src/parser.js';
import { RuleError } from '../rules/errors.ts';
import { SEARCH_FIELD_NAMES, searchField, type SearchField } from './searchFields.ts';

/** How a value of a field is compared with the one searched for. */
export type Comparison = 'eq' | 'ne' | 'gt' | 'ge' | 'lt' | 'le' | 'sw';

/** What users must be like to be found. */
export type Condition =
  | { op: 'and' | 'or'; conditions: Condition[] }
  | { op: 'not'; condition: Condition }
  /** The field is present. */
  | { op: 'pr'; field: SearchField }
  /** `ne` is the opposite of `eq`: it also finds users who lack the field. Times are milliseconds since the epoch. */
  | { op: Comparison; field: SearchField; value: string | number | boolean };

const COMPARISONS = new Set<string>(['eq', 'ne', 'gt', 'ge', 'lt', 'le', 'sw'] satisfies Comparison[]);
/** Deeper than any person writes; keeps the parser and PostgreSQL from running out of stack. */
const MAX_DEPTH = 50;

/**
 * Reads a search expression: a SCIM filter (RFC 7644, 3.4.2.2) over the fields that can be searched.
 * @throws RuleError that points at the position of the fault, counted from 1
 */
export function parseSearch(expression: string): Condition {
  const tokens = readTokens(expression);
  const positions = positionsOf(tokens, expression);
  checkDepth(tokens, positions);
  const reader = new Tokens(tokens);
  let filter: Filter;
  try {
    filter = parseFilter(reader);
  } catch {
    throw fault('is not an expression', positions[Math.max(0, Math.min(reader.i, tokens.length) - 1)]!);
  }
  if (reader.peek().type !== 'EOT') {
    throw fault('must join its parts with and or or', positions[reader.i]!);
  }
  // The parser keeps no positions, but it keeps the order in which attributes come.
  const attributes = tokens.flatMap((_token, index) => (isAttribute(tokens, index) ? [positions[index]!] : []));
  return conditionOf(filter, attributes[Symbol.iterator]());
}

function readTokens(expression: string): Token[] {
  try {
    const tokens = tokenizer(expression);
    if (tokens.length === 1) throw fault('must not be empty', 1);
    return tokens;
  } catch (error) {
    if (error instanceof RuleError) throw error;
    const [, rest = ''] = /^unexpected token ([^]*)$/.exec((error as Error).message) ?? [];
    throw fault('is not an expression', expression.length - rest.length + 1);
  }
}

/** Where each token begins, counted from 1; the last one is the end. */
function positionsOf(tokens: Token[], expression: string): number[] {
  let at = 0;
  return tokens.map(({ type, literal }) => {
    at += /^\s*/.exec(expression.slice(at))![0].length;
    const position = at + 1;
    // The tokenizer doubles backslashes in quoted text.
    at += type === 'Quoted' ? /^"(?:[^"\\]|\\[^])*"/.exec(expression.slice(at))![0].length : literal.length;
    return position;
  });
}

function checkDepth(tokens: Token[], positions: number[]): void {
  let depth = 0;
  for (const [index, { type, literal }] of tokens.entries()) {
    const not = type === 'Word' && literal.toLowerCase() === 'not';
    if (literal.startsWith('(') || literal.startsWith('[') || not) depth += 1;
    if (depth > MAX_DEPTH) throw fault(`must not nest deeper than ${MAX_DEPTH} levels`, positions[index]!);
    if (type === 'Bracket' && /^[)\]]/.test(literal)) depth -= 1;
  }
}

/** An attribute is a word before an operator. */
function isAttribute(tokens: Token[], index: number): boolean {
  const [token, next] = [tokens[index]!, tokens[index + 1]];
  return token.type === 'Word' && (next?.type === 'Word' || next?.literal === '[') && !isOperator(tokens, index);
}

function isOperator(tokens: Token[], index: number): boolean {
  const word = tokens[index]!.literal.toLowerCase();
  // "and", "or" and "not" stand between expressions; the word after an attribute is its operator.
  return ['and', 'or', 'not'].includes(word) || (index > 0 && isAttribute(tokens, index - 1));
}

function conditionOf(filter: Filter, positions: Iterator<number>): Condition {
  if (filter.op === 'and' || filter.op === 'or') {
    return { op: filter.op, conditions: filter.filters.map((part) => conditionOf(part, positions)) };
  }
  if (filter.op === 'not') return { op: 'not', condition: conditionOf(filter.filter, positions) };
  const position = positions.next().value as number;
  const field = 'attrPath' in filter ? searchField(filter.attrPath) : undefined;
  if (!field) throw fault(`can name only ${SEARCH_FIELD_NAMES.join(', ')}`, position);
  if (filter.op === 'pr') return { op: 'pr', field };
  if (!COMPARISONS.has(filter.op)) {
    throw fault('knows only the operators eq, ne, gt, ge, lt, le, sw and pr', position);
  }
  const { op, compValue } = filter as { op: Comparison; compValue: string | number | boolean | null };
  return { op, field, value: valueOf(field, op, compValue, position) };
}

function valueOf(field: SearchField, op: Comparison, value: string | number | boolean | null, position: number) {
  if (value === null) throw fault('cannot compare with null; use pr to ask whether a field is present', position);
  if (field.type === 'time') {
    if (op === 'sw') throw fault('cannot use sw on a time', position);
    return millisecondsOf(value, position);
  }
  if (field.type === 'json') {
    if (op === 'sw' && typeof value !== 'string') throw fault('can use sw only with text', position);
    return value;
  }
  const text = String(value);
  return field.type === 'email' ? text.toLowerCase() : text;
}

/** Milliseconds since the epoch, as a number or in quotes, or a date or date-time in ISO 8601; UTC unless it says otherwise. */
function millisecondsOf(value: string | number | boolean, position: number): number {
  const text = String(value);
  if (/^-?\d{1,16}(\.\d+)?$/.test(text)) return Math.floor(Number(text));
  const [, date, time, zone] = /^(\d{4}-\d{2}-\d{2})(?:T([\d:.]+)(Z|[+-]\d{2}:\d{2})?)?$/i.exec(text) ?? [];
  const milliseconds = date ? Date.parse(time ? `${date}T${time}${zone ?? 'Z'}` : date) : NaN;
  if (Number.isNaN(milliseconds)) throw fault('needs a date or milliseconds to compare a time with', position);
  return milliseconds;
}

const fault = (what: string, position: number): RuleError => new RuleError(`search ${what} (at position ${position})`);
