import type { FastifyReply } from 'fastify';
import type { AccessTokenClaims, ApiUser } from '@tessera/contract';
import type { ReadChunks } from '../../database/database.ts';
import type { Written } from '../../http/jsonStream.ts';
import { sendList } from '../../http/list.ts';
import { pageInfo } from '../../http/pageInfo.ts';
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

/** Answers with a page of users. @param counting gives how many there are on all pages */
export const sendUsers = (
  reply: FastifyReply,
  caller: AccessTokenClaims,
  read: ReadChunks<User>,
  offset: number,
  counting: Promise<number>,
): Promise<Written> =>
  sendList(
    reply,
    read,
    (user) => toApiUser(user, caller, Date.now()),
    async (count) => {
      const total = await counting;
      return { total_count: total, page_info: pageInfo(offset, count, total) };
    },
  );
