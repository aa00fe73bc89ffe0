/** How the values of a searchable field compare. */
export type FieldType =
  /** By their characters. */
  | 'text'
  /** By their characters, in lower case. */
  | 'email'
  /** As points in time. */
  | 'time'
  /** As whatever JSON they are. */
  | 'json';

/** A field that a search may name. */
export interface SearchField {
  /** As the search names it; for `custom_app_data` the first part of it. */
  name: string;
  type: FieldType;
  /** Whether it has several values: then it is enough that one of them matches. */
  many?: boolean;
  /** The members that lead to a value inside custom data. */
  path?: string[];
}

const FIELDS: Record<string, Omit<SearchField, 'name'>> = {
  external_account_id: { type: 'text' },
  external_user_id: { type: 'text' },
  email: { type: 'email' },
  phone_number: { type: 'text' },
  secondary_emails: { type: 'email', many: true },
  secondary_phone_numbers: { type: 'text', many: true },
  last_auth: { type: 'time' },
  created_at: { type: 'time' },
  updated_at: { type: 'time' },
  status: { type: 'text' },
  birthday: { type: 'text' },
  'name.first_name': { type: 'text' },
  'name.middle_name': { type: 'text' },
  'name.last_name': { type: 'text' },
};

const CUSTOM = 'custom_app_data.';
const CUSTOM_MAX_PARTS = 10;

/** Every name that a search may use, for people. */
export const SEARCH_FIELD_NAMES = [...Object.keys(FIELDS), `${CUSTOM}*`];

/** The field that a search names, in whatever case (RFC 7643, 2.1), but for keys of your own; undefined when there is none. */
export function searchField(written: string): SearchField | undefined {
  const name = written.toLowerCase();
  if (Object.hasOwn(FIELDS, name)) return { name, ...FIELDS[name]! };
  const path = name.startsWith(CUSTOM) ? written.slice(CUSTOM.length).split('.') : [];
  if (path.length === 0 || path.length > CUSTOM_MAX_PARTS || path.includes('')) return undefined;
  return { name: 'custom_app_data', type: 'json', path };
}
