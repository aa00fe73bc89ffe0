import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UpdateUserInput } from '@tessera/contract';
import { applyChange, changeOf, newUser } from '../src/users/rules/change.ts';
import { toApiUser } from '../src/users/rules/result.ts';
import type { User } from '../src/users/rules/user.ts';
import { anyUpdate, ATTRIBUTES, updateOf, type Attribute } from './randomUpdates.ts';

const APP = { app_id: 'app', app_name: 'App' };
const blank = newUser('user', { email: 'start@example.com' }, { at: 1, appId: APP.app_id });

const update = (user: User, input: UpdateUserInput, at: number): User =>
  applyChange(user, changeOf(input, { at, appId: APP.app_id }));

/** What an application sees of a user, but for the times at which it changed. */
function profile(user: User) {
  const { updated_at: _u, status_changed_at: _s, address, ...rest } = toApiUser(user, APP, 0);
  const { updated_at: _a, ...where } = address ?? {};
  // Secondary addresses are a set: the order in which they were added is not part of what they are.
  return {
    ...rest,
    address: address && where,
    secondary_emails: [...rest.secondary_emails].sort((a, b) => a.value.localeCompare(b.value)),
    secondary_phone_numbers: [...rest.secondary_phone_numbers].sort((a, b) => a.value.localeCompare(b.value)),
  };
}

/** A user with a history of its own, some of its addresses verified. */
const anyUser = fc.array(anyUpdate, { maxLength: 4 }).map((updates) => {
  const user = updates.reduce((before, input, n) => update(before, input, n + 2), blank);
  const { email, secondary_emails = [] } = user.profile;
  const verified = secondary_emails.map((entry) => ({ ...entry, email_verified: true }));
  return {
    ...user,
    profile: { ...user.profile, email: { ...email!, email_verified: true }, secondary_emails: verified },
  };
});

/** Attributes that share what they change: a primary address and the secondary ones are one set of addresses. */
const GROUPS: Attribute[][] = [
  ['email', 'secondary_emails'],
  ['phone_number', 'secondary_phone_numbers'],
  ...ATTRIBUTES.filter((name) => !/email|phone/.test(name)).map((name) => [name]),
];

describe('an update', () => {
  it('made twice gives the same profile', () => {
    fc.assert(
      fc.property(anyUser, anyUpdate, (user, input) => {
        const once = update(user, input, 100);
        expect(profile(update(once, input, 200))).toEqual(profile(once));
      }),
    );
  });

  it('never changes an attribute that was not sent', () => {
    fc.assert(
      fc.property(anyUser, anyUpdate, (user, input) => {
        const [before, after] = [toApiUser(user, APP, 0), toApiUser(update(user, input, 100), APP, 0)];
        const sent = new Set<string>(Object.keys(input));
        // An address that becomes primary is no longer secondary.
        if (sent.has('email')) sent.add('secondary_emails');
        if (sent.has('phone_number')) sent.add('secondary_phone_numbers');
        if (sent.has('status')) sent.add('status_changed_at');
        sent.add('updated_at');
        for (const name of Object.keys({ ...before, ...after }) as (keyof typeof before)[]) {
          if (!sent.has(name)) expect(after[name], name).toEqual(before[name]);
        }
      }),
    );
  });

  it('commutes with an update of other attributes', () => {
    const split = fc.subarray(GROUPS, { minLength: 1, maxLength: GROUPS.length - 1 }).chain((mine) => {
      const others = GROUPS.filter((group) => !mine.includes(group));
      return fc.tuple(updateOf(mine.flat()), updateOf(others.flat()));
    });
    fc.assert(
      fc.property(anyUser, split, (user, [first, second]) => {
        const oneWay = update(update(user, first, 100), second, 200);
        const other = update(update(user, second, 100), first, 200);
        expect(profile(oneWay)).toEqual(profile(other));
      }),
    );
  });

  it('leaves the user it was given as it was', () => {
    fc.assert(
      fc.property(anyUser, anyUpdate, (user, input) => {
        const before = structuredClone(user);
        update(user, input, 100);
        expect(user).toEqual(before);
      }),
    );
  });

  it('keeps the verification of an address that was on the profile, and starts any other unverified', () => {
    fc.assert(
      fc.property(anyUser, anyUpdate, (user, input) => {
        const known = [user.profile.email, ...user.profile.secondary_emails];
        const { profile: after } = update(user, input, 100);
        for (const entry of [after.email!, ...(after.secondary_emails ?? [])]) {
          const before = known.find(({ value }) => value === entry.value);
          expect(entry.email_verified).toBe(before?.email_verified ?? false);
        }
      }),
    );
  });

  it('never turns the clock back', () => {
    const later = update(blank, { language: 'en' }, 1000);
    expect(update(later, { language: 'fr' }, 500).updated_at).toBe(1000);
  });
});

describe('what an application sees', () => {
  it('is its own data and none of another application', () => {
    const user = update(blank, { custom_app_data: { secret: 1 }, external_account_id: 'mine' }, 2);
    const other = toApiUser(user, { app_id: 'other', app_name: 'Other' }, 0);
    expect(other).not.toHaveProperty('custom_app_data');
    expect(other).not.toHaveProperty('external_account_id');
    expect(other).not.toHaveProperty('app_name');
  });

  it('shows when a password expires, and that it has', () => {
    const password = { hash: '', temporary: false, updated_at: 5, expires_at: 1000 };
    const expires_in = '1970-01-01T00:00:01.000Z';
    const seen = (now: number) => toApiUser({ ...blank, password }, APP, now).password_information;
    expect(seen(999)).toEqual({ expired: false, temporary: false, updated_at: 5, expires_in });
    expect(seen(1000)).toEqual({ expired: true, temporary: false, updated_at: 5, expires_in });
  });
});
