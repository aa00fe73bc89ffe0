import { isDeepStrictEqual } from 'node:util';
import type { User } from './user.ts';

/** Attributes of a user by name, as history records them: a password without its hash, an application's data as `app:ID`. */
export type Attributes = Record<string, unknown>;

/**
 * What one change did to a user: the attributes that differ, before and after; one that is absent was not there. Of custom
 * data, just the members that differ; of lists, the entries that went and those that came: what stays is not kept again.
 */
export interface Difference {
  before: Attributes;
  after: Attributes;
}

/** The name under which an application's data of a user is recorded. */
export const appAttribute = (appId: string): string => `app:${appId}`;

/** @param before undefined when the user is created */
export function differenceOf(before: User | undefined, after: User): Difference {
  if (!before) return { before: {}, after: attributesOf(after) };
  const [old, now] = [attributesOf(before), attributesOf(after)];
  const difference: Difference = { before: {}, after: {} };
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (old[name] === now[name] || isDeepStrictEqual(old[name], now[name])) continue;
    const [was, is] = narrowed(name, old[name], now[name]);
    if (was !== undefined) difference.before[name] = was;
    if (is !== undefined) difference.after[name] = is;
  }
  return difference;
}

function narrowed(name: string, was: unknown, is: unknown): [unknown, unknown] {
  if (was === undefined || is === undefined) return [was, is];
  if (Array.isArray(was) && Array.isArray(is)) return [without(was, is), without(is, was)];
  if (name === 'custom_data' || name.startsWith(appAttribute(''))) {
    return [differing(was as object, is as object), differing(is as object, was as object)];
  }
  return [was, is];
}

/** The entries of one list that another has not. A user may be in thousands of groups, so they are not compared pair by pair. */
function without(list: unknown[], other: unknown[]): unknown[] {
  const known = new Set(other.map((entry) => JSON.stringify(entry)));
  return list.filter((entry) => !known.has(JSON.stringify(entry)));
}

/** The members of one object that another has not, or not the same. */
const differing = (object: object, other: object): object =>
  Object.fromEntries(
    Object.entries(object).filter(([key, value]) => !isDeepStrictEqual((other as Record<string, unknown>)[key], value)),
  );

function attributesOf({ profile, status, group_ids, custom_data, password, apps }: User): Attributes {
  const attributes: Attributes = { ...profile, status, groupIds: group_ids };
  if (custom_data) attributes.custom_data = custom_data;
  if (password) attributes.credentials = { temporary: password.temporary, updated_at: password.updated_at };
  for (const appId of Object.keys(apps)) attributes[appAttribute(appId)] = apps[appId];
  return attributes;
}
