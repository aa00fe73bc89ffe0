import type { ApiUser, ApiUserIdentityProvider } from '@tessera/contract';
import type { Password, SignIn, User } from './user.ts';

/** The application whose token a request carries. */
export interface CallingApp {
  app_id: string;
  app_name: string;
}

/**
 * What the API shows of a user to an application: all of the tenant's, and of the applications' only its own.
 * @param now milliseconds since the epoch, for what expires
 */
export function toApiUser(user: User, app: CallingApp, now: number): ApiUser {
  const { profile } = user;
  const appData = user.apps[app.app_id];
  return {
    ...profile,
    user_id: user.user_id,
    secondary_emails: profile.secondary_emails ?? [],
    secondary_phone_numbers: profile.secondary_phone_numbers ?? [],
    custom_data: user.custom_data ?? undefined,
    status: user.status,
    status_changed_at: isoDate(user.status_changed_at),
    created_at: user.created_at,
    updated_at: user.updated_at,
    last_auth: user.last_auth === null ? undefined : isoDate(user.last_auth),
    identity_providers: user.identities.flatMap(identityProvider),
    identities: user.identities.map(({ provider: _, ...identity }) => identity),
    password_information: user.password ? passwordInformation(user.password, now) : undefined,
    groupIds: user.group_ids,
    ...(appData && { app_name: app.app_name, ...appData }),
  };
}

function passwordInformation(password: Password, now: number): ApiUser['password_information'] {
  const { expires_at } = password;
  return {
    expired: expires_at !== undefined && expires_at <= now,
    temporary: password.temporary,
    updated_at: password.updated_at,
    expires_in: expires_at === undefined ? undefined : isoDate(expires_at),
  };
}

function identityProvider({
  provider,
  identifier,
  first_auth_date,
  last_auth_date,
}: SignIn): ApiUserIdentityProvider[] {
  return provider ? [{ ...provider, identifier, first_auth_date, last_auth_date }] : [];
}

const isoDate = (milliseconds: number): string => new Date(milliseconds).toISOString();
