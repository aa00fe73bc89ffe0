import type { FastifyReply } from 'fastify';
import type { AccessTokenClaims, ApiUser } from '@tessera/contract';
import { UserNotFound } from '../rules/errors.ts';
import { toApiUser } from '../rules/result.ts';
import type { User } from '../rules/user.ts';
import { entityTag } from '../rules/version.ts';

/** The answer that shows one user, with the entity tag of its version. @throws UserNotFound when there is none */
export function userAnswer(
  user: User | undefined,
  caller: AccessTokenClaims,
  reply: FastifyReply,
): { result: ApiUser } {
  if (!user) throw new UserNotFound();
  void reply.header('etag', entityTag(user));
  return { result: toApiUser(user, caller, Date.now()) };
}
