import type { CreateUserInput } from '@tessera/contract';
import type { Password } from './rules/user.ts';
import { hashSecret } from '../hashing/hashing.ts';

/**
 * The record of a password that is set: temporary unless told otherwise.
 * @param at when, in milliseconds since the epoch
 * @returns undefined when no credentials were sent
 */
export async function passwordOf(
  credentials: CreateUserInput['credentials'],
  at: number,
): Promise<Password | undefined> {
  if (!credentials) return undefined;
  const { password, force_replace: temporary = true } = credentials;
  return { hash: await hashSecret(password), temporary, updated_at: at };
}
