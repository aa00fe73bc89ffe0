import type { ApiUserEmail, ApiUserIdentity, ApiUserPhone } from '@tessera/contract';
import { differenceOf, type Difference } from '../../users/rules/history.ts';
import { hasIdentifier } from '../../users/rules/identifiers.ts';
import type { Address } from '../../users/rules/ownership.ts';
import type { CallingApp } from '../../users/rules/result.ts';
import type { Profile, SignIn, User } from '../../users/rules/user.ts';
import type { Admission } from './admission.ts';

/** How a user has signed in. */
export interface Method {
  authType: ApiUserIdentity['auth_type'];
  providerName: string;
  providerType: ApiUserIdentity['provider_type'];
  /** What names the user at the provider. */
  identifier: string;
  alias?: ApiUserIdentity['user_alias'];
  /** What `identity_providers` shows, of a provider that is not the tenant. */
  provider?: SignIn['provider'];
  /** The address by which the user was named, where it was an address. */
  named?: Address;
  /**
   * The address that the user has proved to own. It must be on the profile, unless it comes from `elsewhere`: from the application,
   * which has named the address itself, or from an identity provider.
   */
  proved?: Address & { elsewhere?: boolean };
  /** Whether the profile had no owner when the code was sent that proves the user. */
  sentToUnowned?: boolean;
  /** When the password that the user has proved to know was set, in milliseconds since the epoch. */
  passwordAt?: number;
  /** The method as tokens name it (RFC 8176). */
  amr: string;
}

/**
 * What a sign-in makes of a user: the identity with its dates, `last_auth`, the proved address verified, pending turned
 * active, and the user in the application. When somebody other than the owner of the password is the first to sign in, the
 * password ends. A pure function.
 */
export function signedIn(
  user: User,
  method: Method,
  { verifies, endsPassword }: Admission,
  { app_id }: CallingApp,
  at: number,
): User {
  const now = Math.max(at, user.updated_at);
  const pending = user.status === 'Pending';
  return {
    ...user,
    version: user.version + 1,
    updated_at: now,
    last_auth: at,
    status: pending ? 'Active' : user.status,
    status_changed_at: pending ? now : user.status_changed_at,
    profile: verifies && method.proved ? verified(user.profile, method.proved, at) : user.profile,
    password: endsPassword ? null : user.password,
    identities: withIdentity(user.identities, method, at),
    apps: user.apps[app_id] ? user.apps : { ...user.apps, [app_id]: {} },
  };
}

/** Whether the password that was proved is the user's still. */
export const hasPassword = ({ password }: User, { passwordAt }: Method): boolean =>
  passwordAt === undefined || password?.updated_at === passwordAt;

/** Whether the address that was proved is the user's still. */
export const hasAddress = ({ profile }: User, { proved }: Method): boolean =>
  !proved || proved.elsewhere === true || hasIdentifier(profile, proved);

/** What history keeps of a sign-in: what it changed, and how and where it was. */
export function signInDifference(before: User, after: User, { authType }: Method, app: CallingApp): Difference {
  const { before: was, after: is } = differenceOf(before, after);
  return {
    before: was,
    after: { ...is, sign_in: { auth_type: authType, app_id: app.app_id, app_name: app.app_name } },
  };
}

function withIdentity(identities: SignIn[], method: Method, at: number): SignIn[] {
  const when = new Date(at).toISOString();
  const same = (one: SignIn): boolean =>
    one.provider_name === method.providerName &&
    one.auth_type === method.authType &&
    one.identifier === method.identifier;
  const known = identities.find(same);
  const identity: SignIn = {
    provider_name: method.providerName,
    provider_type: method.providerType,
    auth_type: method.authType,
    identifier: method.identifier,
    ...(method.alias && { user_alias: method.alias }),
    first_auth_date: known?.first_auth_date ?? when,
    last_auth_date: when,
    ...(method.provider && { provider: method.provider }),
  };
  return known ? identities.map((one) => (same(one) ? identity : one)) : [...identities, identity];
}

function verified(profile: Profile, { kind, value }: NonNullable<Method['proved']>, at: number): Profile {
  const mark = <Entry extends ApiUserEmail | ApiUserPhone>(entry: Entry): Entry =>
    entry.value === value ? { ...entry, [`${kind}_verified`]: true, verified_at: new Date(at).toISOString() } : entry;
  return kind === 'email'
    ? {
        ...profile,
        ...(profile.email && { email: mark(profile.email) }),
        ...(profile.secondary_emails && { secondary_emails: profile.secondary_emails.map(mark) }),
      }
    : {
        ...profile,
        ...(profile.phone_number && { phone_number: mark(profile.phone_number) }),
        ...(profile.secondary_phone_numbers && {
          secondary_phone_numbers: profile.secondary_phone_numbers.map(mark),
        }),
      };
}
