import { applyChange, type Change } from '../rules/change.ts';
import { differenceOf } from '../rules/history.ts';
import type { IdentifierTaken } from '../rules/errors.ts';
import { identifiersBeyond, type Identifier } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { wantVersion } from '../rules/version.ts';
import type { Database, Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { changeAlone, isDisabling, type AskedChange } from './changeAlone.ts';
import { readUsersById } from './findUsers.ts';
import { keysOf, refusalsOf, sortRivals, takenOf, type Claim } from './identifiers.ts';

/**
 * Makes a change to a user, together with others that are asked for at the same time: all users of a batch are read in one
 * statement, and stored in another with their identifiers and history.
 * @param rule gives the user after the change; what it throws changes nothing. It may be asked more than once
 * @param versions those that the user may be at before; any when absent
 * @returns the user after the change, once it is committed; undefined when there is none with this ID
 * @throws IdentifierTaken when another user has an identifier that the change adds; StaleVersion when the user is at none of
 * `versions`; what the rule throws
 */
export async function changeUser(
  database: Database,
  writer: Writer,
  userId: string,
  rule: (user: User) => User,
  versions?: number[],
): Promise<User | undefined> {
  const asked = { writer, userId, rule, versions };
  const answer = await changeTogether(database, asked);
  return answer === ALONE ? changeAlone(database, asked) : answer;
}

/** The same for an update that is worked out. */
export const updateUser = (
  database: Database,
  writer: Writer,
  userId: string,
  change: Change,
): Promise<User | undefined> => changeUser(database, writer, userId, (before) => applyChange(before, change));

/**
 * The answer to a change that cannot go with others: somebody else changes the user, or it has an actor to be locked or sessions
 * to be ended.
 */
const ALONE = Symbol('alone');

/** A change that is worked out. */
interface Changed {
  asked: AskedChange;
  before: User;
  after: User;
}

const changeTogether = shared<AskedChange, User | undefined | typeof ALONE>({
  groupOf: ({ writer }) => writer.tenantId,
  keysOf: ({ writer, userId }) => [`${writer.tenantId} ${userId}`],
  inTheWay: ALONE,
  scatters: true,
  overlaps: true,
  async work(database, batch) {
    const { tenantId } = batch[0]!.writer;
    const users = await readUsersById(
      database,
      tenantId,
      batch.map(({ userId }) => userId),
    );
    const answers = new Map<AskedChange, User | undefined | typeof ALONE | Error>();
    const changes: Changed[] = [];
    for (const asked of batch) {
      const before = users.get(asked.userId);
      const change = before && ruled(asked, before);
      if (typeof change === 'object' && 'after' in change) changes.push(change);
      else answers.set(asked, change);
    }
    const { first, rivals } = sortRivals(changes, ({ before, after }) =>
      identifiersBeyond(after.profile, before.profile),
    );
    for (const { asked } of rivals) answers.set(asked, ALONE);
    const { stored, refused } = await store(database, tenantId, first);
    for (const { asked, after } of first) {
      answers.set(asked, refused.get(asked.userId) ?? (stored.has(asked.userId) ? after : ALONE));
    }
    return batch.map((asked) => answers.get(asked));
  },
});

/** What a rule makes of a user; what it throws; or that the change must go alone. */
function ruled(asked: AskedChange, before: User): Changed | Error | typeof ALONE {
  try {
    wantVersion(before, asked.versions);
    const after = asked.rule(before);
    const sameActor = before.profile.delegated_access?.actor_id === after.profile.delegated_access?.actor_id;
    return sameActor && !isDisabling(before, after) ? { asked, before, after } : ALONE;
  } catch (error) {
    return error as Error;
  }
}

/** A row of the input: what a change leaves as it is, is absent. */
const INPUT = `input (user_id text, was bigint, updated_at bigint, last_auth bigint, status text, status_changed_at bigint,
    profile jsonb, clears_custom_data boolean, custom_data jsonb, apps jsonb, password jsonb, identities jsonb,
    group_ids text[], email text, phone_number text, client_id text, before jsonb, after jsonb)`;

/**
 * A user who is not at the version any more that the change was worked out from is left out, with all that belongs to it.
 * The keys are told as arrays besides: without them, PostgreSQL goes through all users of a tenant that it has no statistics of.
 * @param unlessTaken another condition for a user to be changed, and the part of the statement that it needs
 */
const change = (unlessTaken = { part: '', condition: '' }): string => `
  with input as materialized (select * from jsonb_to_recordset($2::jsonb) as ${INPUT}),
  ${unlessTaken.part}
  changed as (
    update users set
      version = users.version + 1,
      updated_at = input.updated_at,
      last_auth = input.last_auth,
      status = input.status,
      status_changed_at = input.status_changed_at,
      profile = coalesce(input.profile, users.profile),
      custom_data = case when input.clears_custom_data then null else coalesce(input.custom_data, users.custom_data) end,
      apps = coalesce(input.apps, users.apps),
      password = coalesce(input.password, users.password),
      identities = coalesce(input.identities, users.identities),
      group_ids = coalesce(input.group_ids, users.group_ids),
      email = input.email,
      phone_number = input.phone_number
    from input
    where users.tenant_id = $1 and users.user_id = any ($3::text[])
      and users.user_id = input.user_id and users.version = input.was ${unlessTaken.condition}
    returning users.user_id
  ), recorded as (
    insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
    select $1, input.user_id, was + 1, updated_at, client_id, before, after
    from input join changed on changed.user_id = input.user_id
  )`;

const CHANGE = `${change()} select user_id, null as kind, null as value from changed`;

const CLAIM = 'claim (kind text, value text, user_id text)';
/** The same, and it frees and claims identifiers; a user some of whose claims are taken is left out, too. */
const CHANGE_WITH_IDENTIFIERS = `${change({
  part: `${takenOf(4)},`,
  condition: 'and not exists (select from taken where taken.user_id = input.user_id)',
})}, old as materialized (
    select kind, value, changed.user_id from jsonb_to_recordset($7::jsonb) as ${CLAIM}
    join changed on changed.user_id = claim.user_id
  ), freed as (
    delete from identifiers using old
    where identifiers.tenant_id = $1 and identifiers.kind = any ($8::text[]) and identifiers.value = any ($9::text[])
      and identifiers.kind = old.kind and identifiers.value = old.value and identifiers.user_id = old.user_id
  ), claimed as (
    insert into identifiers (tenant_id, kind, value, user_id)
    select $1, kind, value, changed.user_id from jsonb_to_recordset($4::jsonb) as ${CLAIM}
    join changed on changed.user_id = claim.user_id
    order by kind collate "C", value collate "C"
  )
  select user_id, null as kind, null as value from changed
  union all select user_id, kind, value from taken`;

/**
 * Stores changes of whom no two want one identifier.
 * @returns the IDs of those who were still as they were read; and by user ID, why another was not changed
 */
async function store(
  database: Queryable,
  tenantId: string,
  changes: Changed[],
): Promise<{ stored: Set<string>; refused: Map<string, IdentifierTaken> }> {
  if (changes.length === 0) return { stored: new Set(), refused: new Map() };
  // In the one order that all take their locks in.
  const ordered = [...changes].sort((one, other) => (one.after.user_id < other.after.user_id ? -1 : 1));
  const freed = identifiersOfEach(ordered, 'before', 'after');
  const claimed = identifiersOfEach(ordered, 'after', 'before');
  const plain = freed.length + claimed.length === 0;
  const { rows } = await database.query<{ user_id: string } & { [K in keyof Identifier]: Identifier[K] | null }>({
    name: plain ? 'change-users' : 'change-users-with-identifiers',
    text: plain ? CHANGE : CHANGE_WITH_IDENTIFIERS,
    values: [
      tenantId,
      JSON.stringify(ordered.map(inputRow)),
      ordered.map(({ after }) => after.user_id),
      ...(plain ? [] : [JSON.stringify(claimed), ...keysOf(claimed), JSON.stringify(freed), ...keysOf(freed)]),
    ],
  });
  const taken = rows.filter((row): row is Claim => row.kind !== null);
  const stored = rows.filter(({ kind }) => kind === null);
  return { stored: new Set(stored.map(({ user_id }) => user_id)), refused: refusalsOf(claimed, taken) };
}

const identifiersOfEach = (changes: Changed[], of: 'before' | 'after', beyond: 'before' | 'after') =>
  changes.flatMap((change) =>
    identifiersBeyond(change[of].profile, change[beyond].profile).map((identifier) => ({
      ...identifier,
      user_id: change.after.user_id,
    })),
  );

const SENT_WHEN_CHANGED = ['profile', 'custom_data', 'apps', 'password', 'identities', 'group_ids'] as const;

function inputRow({ asked, before, after }: Changed): Record<string, unknown> {
  const changed = SENT_WHEN_CHANGED.filter((name) => after[name] !== before[name]);
  return {
    user_id: after.user_id,
    was: before.version,
    updated_at: after.updated_at,
    last_auth: after.last_auth,
    status: after.status,
    status_changed_at: after.status_changed_at,
    ...Object.fromEntries(changed.map((name) => [name, after[name]])),
    clears_custom_data: after.custom_data === null,
    email: after.profile.email?.value,
    phone_number: after.profile.phone_number?.value,
    client_id: asked.writer.clientId,
    ...differenceOf(before, after),
  };
}
