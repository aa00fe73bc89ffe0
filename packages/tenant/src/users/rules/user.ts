import type { ApiUser, ApiUserIdentity, ApiUserIdentityProvider, Status } from '@tessera/contract';

/** The tenant-level attributes of a user, in the shape the API shows them. */
export type Profile = Partial<
  Pick<
    ApiUser,
    | 'email'
    | 'phone_number'
    | 'secondary_emails'
    | 'secondary_phone_numbers'
    | 'username'
    | 'external_user_id'
    | 'name'
    | 'birthday'
    | 'address'
    | 'picture'
    | 'language'
    | 'delegated_access'
  >
>;

/** What one application keeps of a user: seen and changed through its tokens alone. */
export interface AppData {
  external_account_id?: string;
  custom_app_data?: Record<string, unknown>;
}

/** A stored password. Times are milliseconds since the epoch. */
export interface Password {
  /** Argon2id, in PHC string format. */
  hash: string;
  temporary: boolean;
  updated_at: number;
  expires_at?: number;
  /** The hashes of those before it, the latest first. */
  previous?: string[];
}

/** A record of signing in with one identity; `provider` holds what the deprecated `identity_providers` shows of it. */
export interface SignIn extends ApiUserIdentity {
  provider?: Pick<ApiUserIdentityProvider, 'source' | 'email'>;
}

/** A user as it is stored. Times are milliseconds since the epoch. */
export interface User {
  user_id: string;
  /** Counts the changes; 1 when the user is created. */
  version: number;
  status: Status;
  status_changed_at: number;
  created_at: number;
  updated_at: number;
  last_auth: number | null;
  profile: Profile;
  custom_data: Record<string, unknown> | null;
  /** By application ID; an application is listed here when the user is associated with it. */
  apps: Record<string, AppData>;
  password: Password | null;
  identities: SignIn[];
  group_ids: string[];
}
