import { IdentifierTaken } from '../rules/errors.ts';
import { identifierKey, type Identifier } from '../rules/identifiers.ts';
import { isUniqueViolation, type Queryable } from '../../database/database.ts';

/** Claims identifiers for a user. @throws IdentifierTaken when another user has one */
export async function insertIdentifiers(
  connection: Queryable,
  tenantId: string,
  userId: string,
  identifiers: Identifier[],
): Promise<void> {
  for (const { kind, value } of identifiers) {
    try {
      await connection.query({
        name: 'insert-identifier',
        text: 'insert into identifiers (tenant_id, kind, value, user_id) values ($1, $2, $3, $4)',
        values: [tenantId, kind, value, userId],
      });
    } catch (error) {
      if (isUniqueViolation(error)) throw new IdentifierTaken(kind);
      throw error;
    }
  }
}

/** Frees identifiers of a user. */
export async function deleteIdentifiers(
  connection: Queryable,
  tenantId: string,
  userId: string,
  identifiers: Identifier[],
): Promise<void> {
  if (identifiers.length === 0) return;
  await connection.query({
    name: 'delete-identifiers',
    text: `delete from identifiers where tenant_id = $1 and user_id = $2
      and (kind, value) in (select * from unnest($3::text[], $4::text[]))`,
    values: [tenantId, userId, identifiers.map(({ kind }) => kind), identifiers.map(({ value }) => value)],
  });
}

/** Who has these identifiers: user IDs by `identifierKey`; one that is free is absent. */
export async function findOwners(
  database: Queryable,
  tenantId: string,
  identifiers: Identifier[],
): Promise<Map<string, string>> {
  const { rows } = await database.query<Identifier & { user_id: string }>({
    name: 'find-owners',
    text: `select kind, value, user_id from identifiers
      where tenant_id = $1 and kind = any ($2::text[]) and value = any ($3::text[])`,
    values: [tenantId, ...keysOf(identifiers)],
  });
  // Where one value is of two kinds, more is found than was asked for.
  const asked = new Set(identifiers.map(identifierKey));
  return new Map(rows.flatMap((row) => (asked.has(identifierKey(row)) ? [[identifierKey(row), row.user_id]] : [])));
}

/** The kinds and the values of identifiers: what an index of `identifiers` is read by. */
export const keysOf = (identifiers: Identifier[]): [kinds: string[], values: string[]] => [
  [...new Set(identifiers.map(({ kind }) => kind))],
  [...new Set(identifiers.map(({ value }) => value))],
];

/** What somebody wants for a user. */
export interface Wanted<Of> {
  of: Of;
  identifiers: Identifier[];
}

/**
 * Sorts out who cannot have all identifiers that it wants.
 * @param wanted in the order in which they asked
 * @returns whom another user is in the way of; and those who want what one before them wants
 */
export async function claimable<Of>(
  database: Queryable,
  tenantId: string,
  wanted: Wanted<Of>[],
): Promise<{ refused: Map<Of, IdentifierTaken>; rivals: Of[] }> {
  const all = wanted.flatMap(({ identifiers }) => identifiers);
  const refused = new Map<Of, IdentifierTaken>();
  const rivals: Of[] = [];
  if (all.length === 0) return { refused, rivals };
  const owners = await findOwners(database, tenantId, all);
  const claimed = new Set<string>();
  for (const { of, identifiers } of wanted) {
    const taken = identifiers.find((identifier) => owners.has(identifierKey(identifier)));
    const keys = identifiers.map(identifierKey);
    if (taken) refused.set(of, new IdentifierTaken(taken.kind));
    else if (keys.some((key) => claimed.has(key))) rivals.push(of);
    else for (const key of keys) claimed.add(key);
  }
  return { refused, rivals };
}

/** An identifier and who wants it. */
export interface Claim extends Identifier {
  user_id: string;
}

/**
 * Claims identifiers for many users.
 * @param claims no two of one identifier
 * @returns those that another user has already
 */
export async function insertIdentifiersIfFree(
  connection: Queryable,
  tenantId: string,
  claims: Claim[],
): Promise<Claim[]> {
  const { rows } = await connection.query<Identifier>({
    name: 'insert-identifiers-if-free',
    // In the one order that all writers take their locks in.
    text: `insert into identifiers (tenant_id, kind, value, user_id)
      select $1, kind, value, user_id from unnest($2::text[], $3::text[], $4::text[]) as claims (kind, value, user_id)
      order by kind collate "C", value collate "C"
      on conflict do nothing returning kind, value`,
    values: [
      tenantId,
      claims.map(({ kind }) => kind),
      claims.map(({ value }) => value),
      claims.map(({ user_id }) => user_id),
    ],
  });
  const free = new Set(rows.map(identifierKey));
  return claims.filter((claim) => !free.has(identifierKey(claim)));
}
