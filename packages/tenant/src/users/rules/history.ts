import { isDeepStrictEqual } from 'node:util';
import type { User } from './user.ts';

/** Attributes of a user by name, as history records them: a password without its hash, an application's data as `app:ID`. */
export type Attributes = Record<string, unknown>;

/** What one change did to a user: the attributes that differ, before and after; one that is absent was not there. */
export interface Difference {
  before: Attributes;
  after: Attributes;
}

/** The name under which an application's data of a user is recorded. */
export const appAttribute = (appId: string): string => `app:${appId}`;

/** @param before undefined when the user is created */
export function differenceOf(before: User | undefined, after: User): Difference {
  const [old, now] = [before ? attributesOf(before) : {}, attributesOf(after)];
  const differs = (name: string): boolean => !isDeepStrictEqual(old[name], now[name]);
  return { before: pick(old, differs), after: pick(now, differs) };
}

function attributesOf(user: User): Attributes {
  const apps = Object.entries(user.apps).map(([appId, data]) => [appAttribute(appId), data]);
  return {
    ...user.profile,
    status: user.status,
    groupIds: user.group_ids,
    ...(user.custom_data && { custom_data: user.custom_data }),
    ...(user.password && { credentials: { temporary: user.password.temporary, updated_at: user.password.updated_at } }),
    ...(Object.fromEntries(apps) as Attributes),
  };
}

const pick = (attributes: Attributes, wanted: (name: string) => boolean): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([name, value]) => value !== undefined && wanted(name)));
