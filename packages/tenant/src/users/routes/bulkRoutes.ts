import type { FastifyInstance } from 'fastify';
import type { ValidateFunction } from 'ajv';
import { v7 as uuid } from 'uuid';
import {
  CreateUserInput,
  formats,
  operations,
  UpdateUserInput,
  type AccessTokenClaims,
  type BulkItem,
  type BulkResult,
} from '@tessera/contract';
import { insertUsers } from '../store/bulkInsert.ts';
import type { Database } from '../../database/database.ts';
import type { UpdateTogether } from '../store/sharedCommits.ts';
import { updateUser } from '../store/users.ts';
import { changeOf, newUser } from '../rules/change.ts';
import { toApiUser } from '../rules/result.ts';
import { UserNotFound } from '../rules/errors.ts';
import type { User } from '../rules/user.ts';
import { changeContext } from './changeContext.ts';
import { ApiError } from '../../errors.ts';
import { errorBody } from '../../http/errors.ts';
import { asApiError, InvalidRequest } from '../../http/requestErrors.ts';
import { faultsOf } from '../../validation/faults.ts';
import { writerOf } from '../../http/authentication.ts';
import { route } from '../../http/route.ts';
import { makeAjv } from '../../validation/validator.ts';

/** What became of one item: the user, or why not. */
type Outcome = User | ApiError;

/** Creates and updates many users in one request; each item succeeds or fails alone. */
export function bulkRoutes(app: FastifyInstance, database: Database, updateTogether: UpdateTogether): void {
  const ajv = makeAjv(false);
  const isCreate = ajv.compile<CreateUserInput>(CreateUserInput);
  const isUpdate = ajv.compile<UpdateUserInput>(UpdateUserInput);

  route(app, operations.createUsers, async ({ body, caller }) => {
    const made = await Promise.all(
      body.users.map((item) =>
        outcome(async () => {
          const input = checked(isCreate, item);
          return newUser(uuid(), input, await changeContext(input.credentials, caller));
        }),
      ),
    );
    const users = made.flatMap((one) => (one instanceof ApiError ? [] : [one]));
    const refused = await insertUsers(database, writerOf(caller), users);
    return {
      result: bulkResult(
        made.map((one) => (one instanceof ApiError ? one : (refused.get(one.user_id) ?? one))),
        caller,
      ),
    };
  });

  route(app, operations.updateUsers, async ({ body, caller }) => {
    const outcomes: Outcome[] = [];
    const update = async (index: number): Promise<void> => {
      outcomes[index] = await outcome(async () => {
        const { userId, input } = checkedUpdate(isUpdate, body.updates[index]);
        const change = changeOf(input, await changeContext(input.credentials, caller));
        const user = await updateUser(database, updateTogether, writerOf(caller), userId, change);
        if (!user) throw new UserNotFound();
        return user;
      });
    };
    // Updates of one user one after another; those of different users together, as far as they share a commit.
    const queues = new Map<unknown, number[]>();
    for (const [index, item] of body.updates.entries()) {
      const userId = (item as { user_id?: unknown } | null)?.user_id;
      const queue = queues.get(userId);
      if (queue) queue.push(index);
      else queues.set(userId, [index]);
    }
    await Promise.all(
      [...queues.values()].map(async (indexes) => {
        for (const index of indexes) await update(index);
      }),
    );
    return { result: bulkResult(outcomes, caller) };
  });
}

async function outcome(work: () => Promise<User>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    const known = asApiError(error as Error);
    // What is the tenant's own fault fails the request: it may be sent again.
    if (known.status >= 500) throw error;
    return known;
  }
}

function checked<T>(isValid: ValidateFunction<T>, item: unknown): T {
  if (isValid(item)) return item;
  throw new InvalidRequest(faultsOf(isValid.errors ?? [], 'item'));
}

function checkedUpdate(
  isUpdate: ValidateFunction<UpdateUserInput>,
  item: unknown,
): { userId: string; input: UpdateUserInput } {
  const { user_id: userId, ...input } =
    item !== null && typeof item === 'object' ? (item as Record<string, unknown>) : {};
  if (typeof userId !== 'string' || userId === '') throw new InvalidRequest('user_id is required');
  if (!formats['plain-text'].test(userId) || userId.length > 255)
    throw new InvalidRequest('user_id is no ID of a user');
  return { userId, input: checked(isUpdate, input) };
}

function bulkResult(outcomes: Outcome[], caller: AccessTokenClaims): BulkResult {
  const now = Date.now();
  const failed = outcomes.filter((one) => one instanceof ApiError).length;
  const items = outcomes.map((one): BulkItem => {
    if (!(one instanceof ApiError)) return { user: toApiUser(one, caller, now) };
    const body = errorBody(one);
    return { error: { ...body, message: [body.message].flat() } };
  });
  return { succeeded: items.length - failed, failed, items };
}
