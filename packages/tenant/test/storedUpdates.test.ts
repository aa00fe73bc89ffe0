import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readJson, type ApiUser } from '@tessera/contract';
import { applyChange, changeOf, newUser } from '../src/users/rules/change.ts';
import { toApiUser } from '../src/users/rules/result.ts';
import { ATTRIBUTES, updateOf } from './randomUpdates.ts';
import { freshEmail, startTestTenant, type TestTenant } from './testTenant.ts';

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await startTestTenant();
});
afterAll(() => tenant.close());

const APP = { app_id: 'app', app_name: 'Management application' };
// Users of one tenant may not share an identifier, and an actor must be there: both are tested elsewhere.
const free = ATTRIBUTES.filter((name) => !/email|phone|username|external_user_id|delegated_access/.test(name));

const timeless = ({
  user_id: _i,
  created_at: _c,
  updated_at: _u,
  status_changed_at: _s,
  address,
  ...rest
}: ApiUser) => ({
  ...rest,
  address: address && { ...address, updated_at: 0 },
});

it('an update stored in one statement does just what the rule says', async () => {
  const updates = fc.array(
    updateOf(free).filter((update) => Object.keys(update).length > 0),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(updates, async (inputs) => {
      const email = freshEmail();
      let model = newUser('model', { email }, { at: 1, appId: APP.app_id });
      const { user_id } = await tenant.create({ email });
      for (const input of inputs) {
        model = applyChange(model, changeOf(input, { at: 2, appId: APP.app_id }));
        const { status, body } = await tenant.update(user_id, input);
        expect(status, JSON.stringify(body)).toBe(200);
        // Through JSON, as the answer came: -0 is 0 there.
        const expected = readJson(JSON.stringify(toApiUser(model, APP, 0))) as ApiUser;
        expect(timeless(body.result as ApiUser)).toEqual(timeless(expected));
      }
    }),
    { numRuns: 150 },
  );
});
