import { StaleVersion } from './errors.ts';
import type { User } from './user.ts';

/** The strong entity tag of a user's version (RFC 9110, 8.8.3). */
export const entityTag = ({ version }: User): string => `"${version}"`;

/**
 * The versions that an If-Match header takes (RFC 9110, 13.1.1).
 * @returns undefined when any version will do; a weak tag never matches
 */
export function versionsOf(ifMatch: string | undefined): number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return ifMatch.split(',').flatMap((tag) => {
    const [, version] = /^\s*"([1-9]\d{0,14})"\s*$/.exec(tag) ?? [];
    return version ? [Number(version)] : [];
  });
}

/** @throws StaleVersion when the user is at none of the versions */
export function wantVersion({ version }: User, versions: number[] | undefined): void {
  if (versions && !versions.includes(version)) {
    throw new StaleVersion(`The user has changed: it is at version ${version}, which If-Match does not name`);
  }
}
