import type { FastifyReply } from 'fastify';
import type { AccessTokenClaims, ApiUser } from '@tessera/contract';
import { toApiUser } from '../rules/result.ts';
import type { User } from '../rules/user.ts';
import { entityTag } from '../rules/version.ts';
import { NotFound } from '../../http/errors.ts';

export const noSuchUser = (): NotFound => new NotFound('There is no such user');

/** The answer that shows one user, with the entity tag of its version. @throws NotFound when there is none */
export function userAnswer(
  user: User | undefined,
  caller: AccessTokenClaims,
  reply: FastifyReply,
): { result: ApiUser } {
  if (!user) throw noSuchUser();
  void reply.header('etag', entityTag(user));
  return { result: toApiUser(user, caller, Date.now()) };
}
