import type { FastifyInstance, FastifyReply } from 'fastify';
import pLimit, { type LimitFunction } from 'p-limit';
import type { ValidateFunction } from 'ajv';
import { v7 as uuid } from 'uuid';
import {
  CreateUserInput,
  formats,
  operations,
  UpdateUserInput,
  type AccessTokenClaims,
  type BulkItem,
} from '@tessera/contract';
import type { Database } from '../../database/database.ts';
import { associateUser } from '../store/associateUser.ts';
import { updateUser } from '../store/changeUser.ts';
import { insertUser } from '../store/insertUser.ts';
import { changeOf, newUser, type ChangeContext } from '../rules/change.ts';
import { toApiUser } from '../rules/result.ts';
import { IdentifierTaken, UserNotFound } from '../rules/errors.ts';
import { identifierKey, identifiersIn } from '../rules/identifiers.ts';
import type { User } from '../rules/user.ts';
import type { Passwords } from '../passwords.ts';
import { changeContext, type ForPasswords } from './changeContext.ts';
import { ApiError } from '../../errors.ts';
import { errorBody, logFault } from '../../http/errors.ts';
import { asApiError, InvalidRequest } from '../../http/requestErrors.ts';
import { faultsOf } from '../../validation/faults.ts';
import { writerOf } from '../../http/authentication.ts';
import { JsonStream, type Written } from '../../http/jsonStream.ts';
import { Pace, paced } from '../../http/pace.ts';
import { route } from '../../http/route.ts';
import { makeCompiler } from '../../validation/validator.ts';

/** What became of one item: the user, or why not. */
type Outcome = User | ApiError;

/** So many items are worked on at once, and answered before the next ones: memory holds no more of them. */
const SLICE_MOST = 50;
/** So many are, where nothing tells how large they are. */
const SLICE_FIRST = 10;
/** About so many characters of users are worked on at once. */
const SLICE_CHARACTERS = 200_000;
/** Passwords of one request that are hashed or wait for it: another request's turn comes between. */
const HASHING_AT_ONCE = 4;

/** Creates and updates many users in one request; each item succeeds or fails alone. */
export function bulkRoutes(app: FastifyInstance, database: Database, passwords: Passwords): void {
  const forPasswords = { database, passwords };
  const compile = makeCompiler();
  const isCreate = compile<CreateUserInput>(CreateUserInput);
  const isUpdate = compile<UpdateUserInput>(UpdateUserInput);

  /** One who is there and only not in the application is associated, as a request for it alone does. */
  const associateOr = async (taken: ApiError, profile: User['profile'], caller: AccessTokenClaims): Promise<User> => {
    const there = await associateUser(database, writerOf(caller), caller.app_id, profile);
    if (!there) throw taken;
    return there;
  };

  route(app, operations.createUsers, ({ body, caller, reply }) => {
    const hashing = pLimit(HASHING_AT_ONCE);
    return sendOutcomes(reply, caller, body.users, async (items) => {
      const made: Outcome[] = await paced(items, (item) =>
        outcome(async () => {
          const input = checked(isCreate, item);
          return newUser(uuid(), input, await contextOf(forPasswords, input, caller, hashing));
        }),
      );
      // Of those who want one identifier, the first gets it: all are asked for in their order. One with an actor goes by itself,
      // and so after those before it and before those after it.
      const pending: Promise<Outcome>[] = [];
      for (const one of made) {
        const hasActor = !(one instanceof ApiError) && one.profile.delegated_access;
        if (hasActor) await Promise.all(pending);
        pending.push(
          outcome(async () => {
            if (!(one instanceof ApiError)) await insertUser(database, writerOf(caller), one);
            return one;
          }),
        );
        if (hasActor) await pending.at(-1);
      }
      const outcomes = await Promise.all(pending);
      // One after another: of two items that name one user who is there, the first associates it.
      for (const [place, refused] of outcomes.entries()) {
        const one = made[place]!;
        if (!(refused instanceof IdentifierTaken) || one instanceof ApiError || one.password) continue;
        outcomes[place] = await outcome(() => associateOr(refused, one.profile, caller));
      }
      return outcomes;
    });
  });

  route(app, operations.updateUsers, ({ body, caller, reply }) => {
    const hashing = pLimit(HASHING_AT_ONCE);
    return sendOutcomes(reply, caller, body.updates, async (items) => {
      const asked = await paced(items, (item) => outcome(() => Promise.resolve(checkedUpdate(isUpdate, item))));
      const outcomes: Outcome[] = [];
      const update = async (index: number): Promise<void> => {
        outcomes[index] = await outcome(async () => {
          const one = asked[index]!;
          if (one instanceof ApiError) throw one;
          const { userId, input } = one;
          const change = changeOf(input, await contextOf(forPasswords, input, caller, hashing, userId));
          const user = await updateUser(database, writerOf(caller), userId, change);
          if (!user) throw new UserNotFound();
          return user;
        });
      };
      // Updates of one user, and those that want one identifier, one after another; the others together, as far as they share a
      // commit.
      const pending: Promise<void>[] = [];
      const before = new Map<string, Promise<void>>();
      const lastOfUser = new Map<string, number>();
      for (const [index, one] of asked.entries()) {
        const keys = one instanceof ApiError ? [] : keysOf(one);
        const done = Promise.all(keys.flatMap((key) => before.get(key) ?? [])).then(() => update(index));
        for (const key of keys) before.set(key, done);
        if (!(one instanceof ApiError)) {
          // In the order of these, and not of a user's first.
          lastOfUser.delete(one.userId);
          lastOfUser.set(one.userId, index);
        }
        pending.push(done);
      }
      await Promise.all(pending);
      // Another item may have freed by now what was taken. Of one user, no item is done after those that came later.
      for (const last of lastOfUser.values()) {
        if (outcomes[last] instanceof IdentifierTaken) await update(last);
      }
      return outcomes;
    });
  });
}

/** Does the work a slice at a time, and writes what became of each item. */
async function sendOutcomes(
  reply: FastifyReply,
  caller: AccessTokenClaims,
  items: unknown[],
  work: (slice: unknown[]) => Promise<Outcome[]>,
): Promise<Written> {
  const out = new JsonStream(reply);
  const count = { succeeded: 0, failed: 0 };
  const pace = new Pace();
  try {
    await out.write('{"result":{"items":[');
    const bytes = Number(reply.request.headers['content-length']);
    let size = bytes > 0 ? sliceOf(bytes / items.length) : SLICE_FIRST;
    for (let start = 0, end; start < items.length; start = end) {
      end = start + size;
      const outcomes = await work(items.slice(start, end));
      const before = out.length;
      const [first] = outcomes;
      // When nothing at all can be done, the request fails and may be sent again.
      if (start === 0 && outcomes.every((one) => one instanceof ApiError && one.status >= 500)) throw first as ApiError;
      for (const one of outcomes) {
        const place = count.succeeded + count.failed;
        count[one instanceof ApiError ? 'failed' : 'succeeded'] += 1;
        if (one instanceof ApiError) logFault(reply.log, one);
        await out.write(`${place === 0 ? '' : ','}${JSON.stringify(bulkItem(one, caller))}`);
        await pace.step();
      }
      size = sliceOf((out.length - before) / outcomes.length);
    }
    return out.end(`],"succeeded":${count.succeeded},"failed":${count.failed}}}`);
  } catch (error) {
    return out.fail(error);
  }
}

/** How many items are worked on at once. @param length of one, in characters */
const sliceOf = (length: number): number => Math.max(1, Math.min(SLICE_MOST, Math.floor(SLICE_CHARACTERS / length)));

function contextOf(
  forPasswords: ForPasswords,
  { credentials }: Pick<CreateUserInput, 'credentials'>,
  caller: AccessTokenClaims,
  hashing: LimitFunction,
  userId?: string,
): Promise<ChangeContext> {
  const context = () => changeContext(forPasswords, credentials, caller, userId);
  return credentials ? hashing(context) : context();
}

async function outcome<T>(work: () => Promise<T>): Promise<T | ApiError> {
  try {
    return await work();
  } catch (error) {
    return asApiError(error as Error);
  }
}

function bulkItem(outcome: Outcome, caller: AccessTokenClaims): BulkItem {
  if (!(outcome instanceof ApiError)) return { user: toApiUser(outcome, caller, Date.now()) };
  const body = errorBody(outcome);
  return { error: { ...body, message: [body.message].flat() } };
}

function checked<T>(isValid: ValidateFunction<T>, item: unknown): T {
  if (isValid(item)) return item;
  throw new InvalidRequest(faultsOf(isValid.errors ?? [], 'item'));
}

interface AskedUpdate {
  userId: string;
  input: UpdateUserInput;
}

/** What an update is about: its user, and the identifiers that it wants. */
const keysOf = ({ userId, input }: AskedUpdate): string[] => [
  `user ${userId}`,
  ...identifiersIn(input).map((identifier) => `identifier ${identifierKey(identifier)}`),
];

function checkedUpdate(isUpdate: ValidateFunction<UpdateUserInput>, item: unknown): AskedUpdate {
  const isObject = item !== null && typeof item === 'object' && !Array.isArray(item);
  const { user_id: userId, ...input } = isObject ? (item as Record<string, unknown>) : {};
  if (typeof userId !== 'string' || userId === '') throw new InvalidRequest('user_id is required');
  if (!formats['plain-text'].test(userId) || userId.length > 255)
    throw new InvalidRequest('user_id is no ID of a user');
  return { userId, input: checked(isUpdate, input) };
}
