import {
  canonicalEmail,
  CUSTOM_DATA_MAX_BYTES,
  customDataBytes,
  type ApiUserEmail,
  type ApiUserPhone,
  type CreateUserInput,
  type Status,
  type UpdateUserInput,
} from '@tessera/contract';
import { RuleError } from './errors.ts';
import { wantVersion } from './version.ts';
import type { AppData, Password, Profile, User } from './user.ts';

/** Attributes that an update sets or clears without looking at the user. */
type PlainAttribute = 'birthday' | 'address' | 'name' | 'picture' | 'language' | 'delegated_access';
/** Attributes whose new value depends on what the profile has, or must be unique in the tenant. */
type IdentifierAttribute =
  'email' | 'phone_number' | 'secondary_emails' | 'secondary_phone_numbers' | 'username' | 'external_user_id';

/** An update with its rules worked out. */
export interface Change {
  /** When, in milliseconds since the epoch. */
  at: number;
  status?: Status;
  /** Profile attributes that are replaced, and those that go. */
  set: Pick<Profile, PlainAttribute>;
  clear: PlainAttribute[];
  /** Merged one level deep into what is there; null takes all of it away. */
  customData?: Record<string, unknown> | null;
  /** What the calling application keeps: present when any of it was sent. */
  app?: { id: string; set: AppData; clear: (keyof AppData)[] };
  /** What needs the user's row to decide; present when any of it was sent. */
  identifiers?: Pick<UpdateUserInput, IdentifierAttribute>;
  password?: Password;
  /** The versions that the user may be at before; any when absent. */
  versions?: number[];
}

/** What a change needs to know beyond what was sent. */
export interface ChangeContext {
  /** When, in milliseconds since the epoch. */
  at: number;
  /** The calling application. */
  appId: string;
  /** The new password's record, when credentials were sent. */
  password?: Password;
  /** The versions that the user may be at before; any when absent. */
  versions?: number[];
}

const PLAIN = ['birthday', 'address', 'name', 'picture', 'language', 'delegated_access'] as const;
const IDENTIFIERS = [
  'email',
  'phone_number',
  'secondary_emails',
  'secondary_phone_numbers',
  'username',
  'external_user_id',
] as const;
const APP = ['external_account_id', 'custom_app_data'] as const;

/** The most secondary emails, and phone numbers, that one profile holds. */
export const MAX_SECONDARIES = 100;

/**
 * Works out what an update asks for: only what is sent changes, null clears, objects replace, custom_data merges.
 * @param update the body of the request, valid by its schema
 */
export function changeOf(update: UpdateUserInput, context: ChangeContext): Change {
  const change: Change = { at: context.at, set: {}, clear: [], versions: context.versions };
  if (update.status !== undefined) change.status = update.status;
  if (update.custom_data !== undefined) change.customData = update.custom_data;
  if (context.password) change.password = context.password;
  for (const attribute of PLAIN) {
    const value = update[attribute];
    if (value === undefined) continue;
    if (value === null) change.clear.push(attribute);
    else Object.assign(change.set, { [attribute]: shown(attribute, value, context.at) });
  }
  for (const attribute of APP) {
    const value = update[attribute];
    if (value === undefined) continue;
    const app = (change.app ??= { id: context.appId, set: {}, clear: [] });
    if (value === null) app.clear.push(attribute);
    else Object.assign(app.set, { [attribute]: value });
  }
  for (const attribute of IDENTIFIERS) {
    const value = update[attribute];
    if (value !== undefined) change.identifiers = { ...change.identifiers, [attribute]: value };
  }
  return change;
}

function shown(attribute: PlainAttribute, value: unknown, at: number): unknown {
  // A birthday is a date: the one written, whatever time and zone follow it.
  if (attribute === 'birthday') return (value as string).slice(0, 10);
  if (attribute === 'address') return { ...(value as object), updated_at: at };
  return value;
}

/**
 * What a change makes of a user. A pure function: the user given is left as it is.
 * @throws RuleError when the user, so changed, would break a rule; StaleVersion when it is at another version
 */
export function applyChange(user: User, change: Change): User {
  wantVersion(user, change.versions);
  const faults: string[] = [];
  const profile: Profile = { ...user.profile, ...change.set };
  for (const attribute of change.clear) delete profile[attribute];
  if (change.identifiers) Object.assign(profile, addresses(user.profile, change.identifiers));
  setOrClear(profile, 'username', change.identifiers?.username);
  setOrClear(profile, 'external_user_id', change.identifiers?.external_user_id);
  for (const attribute of ['email', 'phone_number'] as const) {
    if (profile[attribute] === undefined) delete profile[attribute];
  }
  // A user who has lost the last one to somebody else can still be changed.
  if (!hasName(profile) && (user.version === 0 || hasName(user.profile))) {
    faults.push('email, phone_number, username or external_user_id is required: a user needs one of them');
  }
  if (change.password && !hasSignInName(profile)) {
    faults.push('credentials need a user with a username or a primary email');
  } else if (user.password && hasSignInName(user.profile) && !hasSignInName(profile)) {
    faults.push('username or email is required: a user with a password needs one of them');
  }
  for (const list of ['secondary_emails', 'secondary_phone_numbers'] as const) {
    if ((profile[list]?.length ?? 0) > MAX_SECONDARIES) {
      faults.push(`${list} must not exceed ${MAX_SECONDARIES} on one profile`);
    }
  }

  const customData = mergeCustomData(user.custom_data, change.customData);
  if (customData && customDataBytes(customData) > CUSTOM_DATA_MAX_BYTES) {
    faults.push(`custom_data must be at most ${CUSTOM_DATA_MAX_BYTES / 1024} KB as JSON, with what is stored already`);
  }
  if (faults.length > 0) throw new RuleError(faults);

  const at = Math.max(change.at, user.updated_at);
  return {
    ...user,
    version: user.version + 1,
    updated_at: at,
    status: change.status ?? user.status,
    status_changed_at: change.status && change.status !== user.status ? at : user.status_changed_at,
    profile,
    custom_data: customData,
    apps: change.app ? { ...user.apps, [change.app.id]: appData(user.apps[change.app.id], change.app) } : user.apps,
    password: change.password ? withPrevious(change.password, user.password) : user.password,
  };
}

/** Whether anything but the ID names the user. */
const hasName = ({ email, phone_number, username, external_user_id }: Profile): boolean =>
  [email, phone_number, username, external_user_id].some((name) => name !== undefined);

/** Whether a password has a name to go with. */
const hasSignInName = ({ username, email }: Profile): boolean => username !== undefined || email !== undefined;

/** How many passwords of a user, with the one that is set, cannot be set again. */
const REMEMBERED_PASSWORDS = 5;

/**
 * A password that is set, with those before it: whatever was set while it was judged is among them. When it was set tells it
 * from each other one of the user.
 */
function withPrevious(password: Password, before: Password | null): Password {
  if (!before) return password;
  return {
    ...password,
    updated_at: Math.max(password.updated_at, before.updated_at + 1),
    previous: [before.hash, ...(before.previous ?? [])].slice(0, REMEMBERED_PASSWORDS - 1),
  };
}

function mergeCustomData(stored: User['custom_data'], sent: Change['customData']): User['custom_data'] {
  if (sent === undefined) return stored;
  return sent && { ...stored, ...sent };
}

function appData(stored: AppData | undefined, { set, clear }: NonNullable<Change['app']>): AppData {
  const data = { ...stored, ...set };
  for (const attribute of clear) delete data[attribute];
  return data;
}

function setOrClear(profile: Profile, attribute: 'username' | 'external_user_id', value: string | null | undefined) {
  if (value === null) delete profile[attribute];
  else if (value !== undefined) profile[attribute] = value;
}

type Addresses = Pick<Profile, 'email' | 'phone_number' | 'secondary_emails' | 'secondary_phone_numbers'>;

function addresses(stored: Profile, sent: NonNullable<Change['identifiers']>): Addresses {
  const emails = withPrimary<ApiUserEmail>(
    { primary: stored.email, secondary: stored.secondary_emails ?? [] },
    sent.email && canonicalEmail(sent.email),
    sent.secondary_emails?.map(canonicalEmail) ?? [],
    (value) => ({ value, email_verified: false }),
  );
  const phones = withPrimary<ApiUserPhone>(
    { primary: stored.phone_number, secondary: stored.secondary_phone_numbers ?? [] },
    sent.phone_number,
    sent.secondary_phone_numbers ?? [],
    (value) => ({ value, phone_number_verified: false }),
  );
  return {
    email: emails.primary,
    secondary_emails: emails.secondary,
    phone_number: phones.primary,
    secondary_phone_numbers: phones.secondary,
  };
}

/**
 * The primary is replaced, secondaries are added. What was on the profile keeps its verification wherever it goes;
 * anything else starts unverified.
 */
function withPrimary<Entry extends { value: string }>(
  stored: { primary: Entry | undefined; secondary: Entry[] },
  primary: string | null | undefined,
  added: string[],
  unverified: (value: string) => Entry,
): { primary: Entry | undefined; secondary: Entry[] } {
  const known = new Map(
    [stored.primary, ...stored.secondary].flatMap((entry) => (entry ? [[entry.value, entry]] : [])),
  );
  const entryOf = (value: string): Entry => known.get(value) ?? unverified(value);
  const next = primary === undefined ? stored.primary : primary === null ? undefined : entryOf(primary);
  const values = new Set([...stored.secondary.map((entry) => entry.value), ...added]);
  if (next) values.delete(next.value);
  return { primary: next, secondary: [...values].map(entryOf) };
}

/**
 * A new user, associated with the application that creates it. Nobody has signed in as it yet, so it is pending.
 * @param input the body of the request, valid by its schema
 * @throws RuleError when the input breaks a rule, such as having no identifier
 */
export function newUser(userId: string, input: CreateUserInput, context: ChangeContext): User {
  const { at, appId } = context;
  const blank: User = {
    user_id: userId,
    version: 0,
    status: 'Pending',
    status_changed_at: at,
    created_at: at,
    updated_at: at,
    last_auth: null,
    profile: {},
    custom_data: null,
    apps: { [appId]: {} },
    password: null,
    identities: [],
    group_ids: [],
  };
  return applyChange(blank, changeOf(input, context));
}
