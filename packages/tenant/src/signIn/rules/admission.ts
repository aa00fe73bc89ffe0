import { addressIdentifies, addressNames, isProved } from '../../users/rules/ownership.ts';
import type { User } from '../../users/rules/user.ts';
import type { Method } from './signIn.ts';

/** What a sign-in that is admitted does to the profile. */
export interface Admission {
  /** Whether the proved address is verified by it. */
  verifies: boolean;
  /** Whether the password that was there ends: somebody else may have set it before the profile had an owner. */
  endsPassword: boolean;
}

/**
 * Decides who may sign in to a profile, for every method and for linking. The statement that records the sign-in checks that the
 * user has not changed since, so no other request comes in between.
 * @param method how somebody has proved who they are
 * @param joins whether the sign-in joins a session of the same user, as a second factor
 * @returns undefined when the proof does not lead to this profile
 */
export function admissionOf(user: User, method: Method, joins: boolean): Admission | undefined {
  const { authType, named, proved } = method;
  // The owner is already signed in and adds a second factor.
  if (joins) return { verifies: proved !== undefined, endsPassword: false };
  if (authType === 'password') {
    if (named && !addressNames(user, named)) return undefined;
    return { verifies: false, endsPassword: false };
  }
  const endsPassword = !isProved(user);
  if (authType === 'oauth2') {
    const isKnown = user.identities.some(
      (one) =>
        one.auth_type === authType && one.provider_name === method.providerName && one.identifier === method.identifier,
    );
    if (!isKnown && !(proved && addressIdentifies(user, proved))) return undefined;
    // The provider has verified the email of the person who owns this profile.
    return { verifies: proved !== undefined, endsPassword };
  }
  if (named && !addressIdentifies(user, named)) return undefined;
  // A code that the application delivered before the profile had an owner may be in the hands of somebody else.
  if (method.sentToUnowned && isProved(user) && (!proved || proved.elsewhere)) return undefined;
  if (!proved) return { verifies: false, endsPassword };
  const identifies = addressIdentifies(user, proved);
  // The application vouches that an address of its own choice (custom_email) belongs to the user it named.
  if (!identifies && !proved.elsewhere) return undefined;
  return { verifies: identifies, endsPassword };
}
