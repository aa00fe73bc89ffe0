import type { FastifyInstance } from 'fastify';
import {
  canonicalEmail,
  operations,
  PAGE_LIMIT_DEFAULT,
  type AccessTokenClaims,
  type IDENTIFIER_NAMES,
} from '@tessera/contract';
import { parseSearch } from '../search/parseSearch.ts';
import type { Database } from '../../database/database.ts';
import { countUsers, readUsers, type UserQuery } from '../store/listUsers.ts';
import { findByIdentifier, findByIdentity, findUser } from '../store/findUsers.ts';
import type { AddressKind } from '../rules/addresses.ts';
import { canonicalIdentifier, type IdentifierKind } from '../rules/identifiers.ts';
import { route } from '../../http/route.ts';
import { sendUsers, userAnswer } from './userAnswer.ts';

/** The kinds of identifier by the names that `getUserByIdentifier` gives them. */
const KIND_BY_NAME: Record<Exclude<(typeof IDENTIFIER_NAMES)[number], 'idpIdentifier'>, IdentifierKind> = {
  email: 'email',
  phoneNumber: 'phone_number',
  externalUserId: 'external_user_id',
  username: 'username',
};

/** Finds one user, or lists and counts many. */
export function findRoutes(app: FastifyInstance, database: Database): void {
  route(app, operations.getUsersCount, async ({ query: { search }, caller }) => ({
    result: { user_count: await countUsers(database, userQuery(caller, search)) },
  }));

  route(app, operations.getUsers, async ({ query, caller, reply }) => {
    const { search, search_prefix, page_offset: offset = 0, page_limit: limit = PAGE_LIMIT_DEFAULT } = query;
    const { sort_field: sort = 'created_at', sort_order: order = 'asc' } = query;
    const found = userQuery(caller, search, search_prefix);
    const counting = countUsers(database, found);
    // Should the page fail first, nobody waits for the count.
    counting.catch(() => {});
    const read = readUsers(database, found, { sort, descending: order === 'desc', offset, limit });
    return sendUsers(reply, caller, read, offset, counting);
  });

  route(app, operations.getUserById, async ({ params, caller, reply }) =>
    userAnswer(await findUser(database, caller.tid, params.user_id), caller, reply),
  );

  const byIdentifier = (caller: AccessTokenClaims, kind: IdentifierKind, value: string) =>
    findByIdentifier(database, caller.tid, canonicalIdentifier(kind, value));
  /** The user who has this address as the primary one. */
  const byPrimary = async (caller: AccessTokenClaims, kind: AddressKind, value: string) => {
    const user = await byIdentifier(caller, kind, value);
    return user?.profile[kind]?.value === canonicalIdentifier(kind, value).value ? user : undefined;
  };

  route(app, operations.getUserByEmail, async ({ params, caller, reply }) =>
    userAnswer(await byPrimary(caller, 'email', params.email), caller, reply),
  );
  for (const operation of [operations.getUserByPhone, operations.deprecatedGetUserByPhone]) {
    route(app, operation, async ({ params, caller, reply }) =>
      userAnswer(await byPrimary(caller, 'phone_number', params.phone_number), caller, reply),
    );
  }
  route(app, operations.getUserByUsername, async ({ params, caller, reply }) =>
    userAnswer(await byIdentifier(caller, 'username', params.username), caller, reply),
  );
  route(app, operations.getUserByExternalUserId, async ({ params, caller, reply }) =>
    userAnswer(await byIdentifier(caller, 'external_user_id', params.external_user_id), caller, reply),
  );
  route(app, operations.getUserByIdentifier, async ({ query, caller, reply }) => {
    const { identifier_name: name, identifier_value: value } = query;
    const user =
      name === 'idpIdentifier'
        ? await findByIdentity(database, caller.tid, value)
        : await byIdentifier(caller, KIND_BY_NAME[name], value);
    return userAnswer(user, caller, reply);
  });
}

function userQuery({ tid, app_id }: AccessTokenClaims, search?: string, prefix?: string): UserQuery {
  return {
    tenantId: tid,
    appId: app_id,
    condition: search === undefined ? undefined : parseSearch(search),
    prefix: prefix && canonicalEmail(prefix),
  };
}
