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

/** An identifier and who wants it. */
export interface Claim extends Identifier {
  user_id: string;
}

/**
 * Sorts those who want identifiers.
 * @param wanted the identifiers that one wants
 * @returns those who want none that one before them wants; and the others, their rivals
 */
export function sortRivals<One>(all: One[], wanted: (one: One) => Identifier[]): { first: One[]; rivals: One[] } {
  const claimed = new Set<string>();
  const first: One[] = [];
  const rivals: One[] = [];
  for (const one of all) {
    const keys = wanted(one).map(identifierKey);
    (keys.some((key) => claimed.has(key)) ? rivals : first).push(one);
    for (const key of keys) claimed.add(key);
  }
  return { first, rivals };
}

/**
 * The part of a statement that tells which of the claims in the parameter of this number another user has already, as rows of
 * `taken (user_id, kind, value)`. The two parameters after it are `keysOf` them.
 */
export const takenOf = (parameter: number): string => `taken as materialized (
    select claim.user_id, claim.kind, claim.value
    from identifiers join jsonb_to_recordset($${parameter}::jsonb) as claim (kind text, value text, user_id text)
      on claim.kind = identifiers.kind and claim.value = identifiers.value
    where identifiers.tenant_id = $1
      and identifiers.kind = any ($${parameter + 1}::text[]) and identifiers.value = any ($${parameter + 2}::text[])
      and identifiers.user_id <> claim.user_id
  )`;

/** What is told to each user some of whose claims are taken: the first of them, in the order of the claims. */
export function refusalsOf(claims: Claim[], taken: Claim[]): Map<string, IdentifierTaken> {
  const keys = new Set(taken.map(identifierKey));
  const refused = new Map<string, IdentifierTaken>();
  for (const claim of claims) {
    if (!keys.has(identifierKey(claim)) || refused.has(claim.user_id)) continue;
    refused.set(claim.user_id, new IdentifierTaken(claim.kind));
  }
  return refused;
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
