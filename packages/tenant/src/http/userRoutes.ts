import type { FastifyInstance } from 'fastify';
import { v7 as uuid } from 'uuid';
import { operations, type AccessTokenClaims, type CreateUserInput } from '@tessera/contract';
import { hashSecret } from '../access/secrets.ts';
import type { Database } from '../store/database.ts';
import { shareCommits } from '../store/sharedCommits.ts';
import { countUsers, findUser, findUserByEmail, insertUser, updateUser } from '../store/users.ts';
import { changeOf, newUser } from '../users/change.ts';
import { toApiUser } from '../users/result.ts';
import type { Password, User } from '../users/user.ts';
import { NotFound } from './errors.ts';
import { route } from './route.ts';

/** The routes of single users: each is request, rule, store, response. */
export function userRoutes(app: FastifyInstance, database: Database): void {
  const updateTogether = shareCommits(database);

  route(app, operations.createUser, async ({ body, caller }) => {
    const user = newUser(uuid(), body, await contextOf(body.credentials, caller));
    await insertUser(database, caller.tid, user);
    return result(user, caller);
  });

  route(app, operations.getUsersCount, async ({ caller }) => ({
    result: { user_count: await countUsers(database, caller.tid) },
  }));

  route(app, operations.getUserById, async ({ params, caller }) =>
    result(await findUser(database, caller.tid, params.user_id), caller),
  );

  route(app, operations.getUserByEmail, async ({ params, caller }) =>
    result(await findUserByEmail(database, caller.tid, params.email.toLowerCase()), caller),
  );

  route(app, operations.updateUser, async ({ params, body, caller }) => {
    const change = changeOf(body, await contextOf(body.credentials, caller));
    return result(await updateUser(database, updateTogether, caller.tid, params.user_id, change), caller);
  });
}

/** What a rule needs to know beyond the request's body. */
async function contextOf(
  credentials: CreateUserInput['credentials'],
  caller: AccessTokenClaims,
): Promise<{ at: number; appId: string; password?: Password }> {
  const context = { at: Date.now(), appId: caller.app_id };
  if (!credentials) return context;
  const { password, force_replace: temporary = true } = credentials;
  return { ...context, password: { hash: await hashSecret(password), temporary, updated_at: context.at } };
}

function result(user: User | undefined, caller: AccessTokenClaims) {
  if (!user) throw new NotFound('There is no such user');
  return { result: toApiUser(user, caller, Date.now()) };
}
