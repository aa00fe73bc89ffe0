import { applyChange, type Change } from '../rules/change.ts';
import { differenceOf } from '../rules/history.ts';
import { identifiersBeyond } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import { wantVersion } from '../rules/version.ts';
import type { Database, Queryable } from '../../database/database.ts';
import { shared } from '../../database/shared.ts';
import type { Writer } from '../../database/writer.ts';
import { changeAlone, type AskedChange } from './changeAlone.ts';
import { readUsersById } from './findUsers.ts';
import { claimable, keysOf } from './identifiers.ts';

/**
 * Makes a change to a user, together with others that are asked for at the same time: all users of a batch are read in one
 * statement, and stored in another with their identifiers and history.
 * @param rule gives the user after the change; what it throws changes nothing. It may be asked more than once
 * @param versions those that the user may be at before; any when absent
 * @returns the user after the change, once it is committed; undefined when there is none with this ID
 * @throws IdentifierTaken when another user has an identifier that the change adds; what the rule throws
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

/** The answer to a change that cannot go with others: somebody else changes the user, or it has an actor to be locked. */
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
    const wanted = changes.map(({ asked, before, after }) => ({
      of: asked,
      identifiers: identifiersBeyond(after.profile, before.profile),
    }));
    const { refused, rivals } = await claimable(database, tenantId, wanted);
    for (const [asked, taken] of refused) answers.set(asked, taken);
    for (const asked of rivals) answers.set(asked, ALONE);
    const stored = await store(
      database,
      tenantId,
      changes.filter(({ asked }) => !answers.has(asked)),
    );
    for (const { asked, after } of changes) {
      if (!answers.has(asked)) answers.set(asked, stored.has(asked.userId) ? after : ALONE);
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
    return sameActor ? { asked, before, after } : ALONE;
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
 */
const CHANGE = `
  with input as materialized (select * from jsonb_to_recordset($2::jsonb) as ${INPUT}),
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
      and users.user_id = input.user_id and users.version = input.was
    returning users.user_id
  ), recorded as (
    insert into user_history (tenant_id, user_id, version, changed_at, client_id, before, after)
    select $1, input.user_id, was + 1, updated_at, client_id, before, after
    from input join changed on changed.user_id = input.user_id
  )`;

const IDENTIFIERS = 'identifier (kind text, value text, user_id text)';
const CHANGE_WITH_IDENTIFIERS = `${CHANGE}, old as materialized (
    select kind, value, changed.user_id from jsonb_to_recordset($4::jsonb) as ${IDENTIFIERS}
    join changed on changed.user_id = identifier.user_id
  ), freed as (
    delete from identifiers using old
    where identifiers.tenant_id = $1 and identifiers.kind = any ($6::text[]) and identifiers.value = any ($7::text[])
      and identifiers.kind = old.kind and identifiers.value = old.value and identifiers.user_id = old.user_id
  ), claimed as (
    insert into identifiers (tenant_id, kind, value, user_id)
    select $1, kind, value, changed.user_id from jsonb_to_recordset($5::jsonb) as ${IDENTIFIERS}
    join changed on changed.user_id = identifier.user_id
    order by kind collate "C", value collate "C"
  )`;

/** Stores changes. @returns the IDs of those users who were still as they were read */
async function store(database: Queryable, tenantId: string, changes: Changed[]): Promise<Set<string>> {
  if (changes.length === 0) return new Set();
  // In the one order that all take their locks in.
  const ordered = [...changes].sort((one, other) => (one.after.user_id < other.after.user_id ? -1 : 1));
  const freed = identifiersOfEach(ordered, 'before', 'after');
  const claimed = identifiersOfEach(ordered, 'after', 'before');
  const plain = freed.length + claimed.length === 0;
  const { rows } = await database.query<{ user_id: string }>({
    name: plain ? 'change-users' : 'change-users-with-identifiers',
    text: `${plain ? CHANGE : CHANGE_WITH_IDENTIFIERS} select user_id from changed`,
    values: [
      tenantId,
      JSON.stringify(ordered.map(inputRow)),
      ordered.map(({ after }) => after.user_id),
      ...(plain ? [] : [JSON.stringify(freed), JSON.stringify(claimed), ...keysOf(freed)]),
    ],
  });
  return new Set(rows.map(({ user_id }) => user_id));
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
