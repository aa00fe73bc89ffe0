import type { Comparison, Condition } from './parseSearch.ts';
import type { SearchField } from './searchFields.ts';

/** Values of a statement; each gets the next number. */
export class Parameters {
  readonly values: unknown[] = [];
  /** Adds a value. @returns its place in the statement, such as `$3` */
  add(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** What a search needs besides its condition. */
export interface SearchScope {
  /** Place of the tenant's ID. */
  tenant: string;
  /** Place of the calling application's ID. */
  app: string;
  /**
   * What is worked out once for each row, by name: a part of the `from` clause. A search may name a field a hundred times, and
   * each time would take apart the same JSON.
   */
  derived: Map<string, string>;
}

const OPERATORS: Record<Exclude<Comparison, 'sw' | 'ne'>, string> = { eq: '=', gt: '>', ge: '>=', lt: '<', le: '<=' };

/** Single values, as SQL. Text is compared by its bytes, whatever the database's language. */
const COLUMNS: Record<string, string> = {
  external_user_id: '(profile ->> \'external_user_id\') collate "C"',
  email: 'email',
  phone_number: 'phone_number',
  last_auth: 'last_auth',
  created_at: 'created_at',
  updated_at: 'updated_at',
  status: 'status collate "C"',
  birthday: '(profile ->> \'birthday\') collate "C"',
  'name.first_name': '(profile #>> \'{name,first_name}\') collate "C"',
  'name.middle_name': '(profile #>> \'{name,middle_name}\') collate "C"',
  'name.last_name': '(profile #>> \'{name,last_name}\') collate "C"',
};

/** Fields whose values are identifiers, found through their index. */
const IDENTIFIER_KINDS: Record<string, string> = {
  email: 'email',
  secondary_emails: 'email',
  phone_number: 'phone_number',
  secondary_phone_numbers: 'phone_number',
  external_user_id: 'external_user_id',
};

/** A condition as SQL that is true or false of a row of `users`, never null. */
export function conditionSql(condition: Condition, scope: SearchScope, parameters: Parameters): string {
  switch (condition.op) {
    case 'and':
    case 'or':
      return `(${condition.conditions.map((part) => conditionSql(part, scope, parameters)).join(` ${condition.op} `)})`;
    case 'not':
      return `(not ${conditionSql(condition.condition, scope, parameters)})`;
    case 'pr':
      return presenceSql(condition.field, scope, parameters);
    case 'ne':
      return `(not ${conditionSql({ ...condition, op: 'eq' }, scope, parameters)})`;
    default:
      return comparisonSql(condition.field, condition.op, condition.value, scope, parameters);
  }
}

function presenceSql(field: SearchField, scope: SearchScope, parameters: Parameters): string {
  if (field.type === 'json')
    return `(coalesce(jsonb_typeof(${customSql(field, scope, parameters)}), 'null') <> 'null')`;
  if (field.many) return `((profile #> '{${field.name},0}') is not null)`;
  return `(${columnSql(field, scope)} is not null)`;
}

function comparisonSql(
  field: SearchField,
  op: Exclude<Comparison, 'ne'>,
  value: string | number,
  scope: SearchScope,
  parameters: Parameters,
): string {
  if (field.type === 'json') return customComparison(customSql(field, scope, parameters), op, value, parameters);
  if (field.type === 'time')
    return `coalesce(${columnSql(field, scope)} ${OPERATORS[op as 'eq']} ${parameters.add(value)}, false)`;
  const place = `${parameters.add(value)}::text`;
  if (field.many && op !== 'eq' && op !== 'sw') {
    // One of several values is above another value when the greatest is, and below it when the least is.
    const extreme = op === 'gt' || op === 'ge' ? 'greatest_value' : 'least_value';
    return `coalesce(${rangeOf(field, scope)}.${extreme} ${OPERATORS[op]} ${place}, false)`;
  }
  const one = (column: string): string =>
    op === 'sw' ? `${column} ^@ ${place}` : `${column} ${OPERATORS[op]} ${place}`;
  const direct = field.many
    ? `exists (select from jsonb_array_elements(profile -> '${field.name}') entry where ${one(`(entry ->> 'value') collate "C"`)})`
    : `coalesce(${one(columnSql(field, scope))}, false)`;
  const kind = IDENTIFIER_KINDS[field.name];
  if (!kind || (op !== 'eq' && op !== 'sw')) return direct;
  // First the few users whom the index of identifiers knows by such a value, then which of their fields has it. An array
  // and no "in (select …)": many joins take PostgreSQL seconds to plan, and beside an "or" it would read all users.
  return `(user_id = any (array (select user_id from identifiers where tenant_id = ${scope.tenant} and kind = '${kind}' and ${one('value')})) and ${direct})`;
}

/** A stored JSON value compares with text as text, with a number as a number; text that is a number can be either. */
function customComparison(
  stored: string,
  op: Exclude<Comparison, 'ne'>,
  value: string | number,
  parameters: Parameters,
): string {
  const text = String(value);
  const asText = parameters.add(text);
  const textual = `jsonb_typeof(${stored}) = 'string' and (${stored} #>> '{}') collate "C" ${op === 'sw' ? '^@' : OPERATORS[op]} ${asText}::text`;
  const alternatives = [textual];
  if (op !== 'sw' && isNumber(text)) {
    const asNumber = `${parameters.add(text)}::text::numeric`;
    // A case, because PostgreSQL may evaluate both sides of an "and".
    alternatives.push(
      `case when jsonb_typeof(${stored}) = 'number' then (${stored})::numeric ${OPERATORS[op]} ${asNumber} else false end`,
    );
  }
  if (op === 'eq' && /^(true|false)$/.test(text)) alternatives.push(`${stored} = ${parameters.add(text)}::text::jsonb`);
  return `coalesce(${alternatives.join(' or ')}, false)`;
}

/** Any double, in whatever way it is written. */
const isNumber = (text: string): boolean => /^-?\d{1,400}(\.\d{1,400})?([eE][-+]?\d{1,3})?$/.test(text);

function columnSql({ name }: SearchField, { app }: SearchScope): string {
  if (name === 'external_account_id') return `(apps -> ${app}::text ->> 'external_account_id') collate "C"`;
  return COLUMNS[name]!;
}

/** The least and the greatest value of a field with several, as `NAME.least_value` and `NAME.greatest_value`. @returns the name */
function rangeOf({ name }: SearchField, { derived }: SearchScope): string {
  derived.set(
    `range_of_${name}`,
    `(select min((entry ->> 'value') collate "C") as least_value, max((entry ->> 'value') collate "C") as greatest_value
      from jsonb_array_elements(profile -> '${name}') entry)`,
  );
  return `range_of_${name}`;
}

function customSql({ path = [] }: SearchField, { app, derived }: SearchScope, parameters: Parameters): string {
  // The offset keeps PostgreSQL from putting the expression in each place where it is used.
  derived.set('custom', `(select apps -> ${app}::text -> 'custom_app_data' as app_data offset 0)`);
  return `(custom.app_data #> ${parameters.add(path)}::text[])`;
}
