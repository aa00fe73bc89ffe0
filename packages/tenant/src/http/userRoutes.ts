import type { FastifyInstance } from 'fastify';
import { v7 as uuid } from 'uuid';
import {
  operations,
  PAGE_LIMIT_DEFAULT,
  type AccessTokenClaims,
  type CreateUserInput,
  type IDENTIFIER_NAMES,
} from '@tessera/contract';
import { parseSearch } from '../search/parseSearch.ts';
import { countUsers, listUsers, type UserQuery } from '../store/listUsers.ts';
import { hashSecret } from '../access/secrets.ts';
import type { Database } from '../store/database.ts';
import { shareCommits } from '../store/sharedCommits.ts';
import { changeUser, deleteUser, findByIdentifier, findUser, insertUser, updateUser } from '../store/users.ts';
import { removeFromApp, removeSecondary, verifyAddress, type AddressKind } from '../users/addresses.ts';
import { changeOf, newUser } from '../users/change.ts';
import type { IdentifierKind } from '../users/identifiers.ts';
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

  route(app, operations.getUsersCount, async ({ query: { search }, caller }) => ({
    result: { user_count: await countUsers(database, userQuery(caller, search)) },
  }));

  route(app, operations.getUsers, async ({ query, caller }) => {
    const { search, search_prefix, page_offset: offset = 0, page_limit: limit = PAGE_LIMIT_DEFAULT } = query;
    const { sort_field: sort = 'created_at', sort_order: order = 'asc' } = query;
    const found = userQuery(caller, search, search_prefix);
    const [total, users] = await Promise.all([
      countUsers(database, found),
      listUsers(database, found, { sort, descending: order === 'desc', offset, limit }),
    ]);
    return {
      total_count: total,
      page_info: { has_next_page: offset + users.length < total, has_previous_page: offset > 0 },
      result: users.map((user) => toApiUser(user, caller, Date.now())),
    };
  });

  route(app, operations.getUserById, async ({ params, caller }) =>
    result(await findUser(database, caller.tid, params.user_id), caller),
  );

  const byIdentifier = async (caller: AccessTokenClaims, kind: IdentifierKind, value: string) => {
    const identifier = { kind, value: kind === 'email' ? value.toLowerCase() : value };
    return findByIdentifier(database, caller.tid, identifier);
  };
  /** The user who has this address as the primary one. */
  const byPrimary = async (caller: AccessTokenClaims, kind: AddressKind, value: string) => {
    const user = await byIdentifier(caller, kind, value);
    return user?.profile[kind]?.value === value.toLowerCase() ? user : undefined;
  };

  route(app, operations.getUserByEmail, async ({ params, caller }) =>
    result(await byPrimary(caller, 'email', params.email), caller),
  );
  for (const operation of [operations.getUserByPhone, operations.deprecatedGetUserByPhone]) {
    route(app, operation, async ({ params, caller }) =>
      result(await byPrimary(caller, 'phone_number', params.phone_number), caller),
    );
  }
  route(app, operations.getUserByUsername, async ({ params, caller }) =>
    result(await byIdentifier(caller, 'username', params.username), caller),
  );
  route(app, operations.getUserByExternalUserId, async ({ params, caller }) =>
    result(await byIdentifier(caller, 'external_user_id', params.external_user_id), caller),
  );
  route(app, operations.getUserByIdentifier, async ({ query, caller }) => {
    const kind = KIND_BY_NAME[query.identifier_name];
    // Nobody signs in to this tenant with an identity provider, so none of its identifiers leads to a user.
    return result(kind && (await byIdentifier(caller, kind, query.identifier_value)), caller);
  });

  route(app, operations.updateUser, async ({ params, body, caller }) => {
    const change = changeOf(body, await contextOf(body.credentials, caller));
    return result(await updateUser(database, updateTogether, caller.tid, params.user_id, change), caller);
  });

  /** Applies a rule to one user, in words for when there is none. */
  const change = async (caller: AccessTokenClaims, userId: string, rule: (user: User, at: number) => User) => {
    const at = Date.now();
    if (!(await changeUser(database, caller.tid, userId, (user) => rule(user, at)))) throw noSuchUser();
    return undefined;
  };
  route(app, operations.removeUserFromApp, ({ params, caller }) =>
    change(caller, params.user_id, (user, at) => removeFromApp(user, caller.app_id, at)),
  );
  route(app, operations.removeUserSecondaryEmail, ({ params: { user_id, email }, caller }) =>
    change(caller, user_id, (user, at) => removeSecondary(user, 'email', email.toLowerCase(), at)),
  );
  route(app, operations.removeUserSecondaryPhoneNumber, ({ params: { user_id, phone_number }, caller }) =>
    change(caller, user_id, (user, at) => removeSecondary(user, 'phone_number', phone_number, at)),
  );
  route(
    app,
    operations.verifyUserEmail,
    ({ params: { user_id, email }, body: { change_to_primary = false }, caller }) =>
      change(caller, user_id, (user, at) => verifyAddress(user, 'email', email.toLowerCase(), change_to_primary, at)),
  );
  route(
    app,
    operations.verifyUserPhoneNumber,
    ({ params: { user_id, phone_number }, body: { change_to_primary = false }, caller }) =>
      change(caller, user_id, (user, at) => verifyAddress(user, 'phone_number', phone_number, change_to_primary, at)),
  );
  route(app, operations.deleteTenantUser, async ({ params, caller }) => {
    if (!(await deleteUser(database, caller.tid, params.user_id))) throw noSuchUser();
    return undefined;
  });
}

/** The kinds of identifier by the names that `getUserByIdentifier` gives them. */
const KIND_BY_NAME: Partial<Record<(typeof IDENTIFIER_NAMES)[number], IdentifierKind>> = {
  email: 'email',
  phoneNumber: 'phone_number',
  externalUserId: 'external_user_id',
  username: 'username',
};

const noSuchUser = (): NotFound => new NotFound('There is no such user');

function userQuery({ tid, app_id }: AccessTokenClaims, search?: string, prefix?: string): UserQuery {
  return {
    tenantId: tid,
    appId: app_id,
    condition: search === undefined ? undefined : parseSearch(search),
    prefix: prefix?.toLowerCase(),
  };
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
  if (!user) throw noSuchUser();
  return { result: toApiUser(user, caller, Date.now()) };
}
