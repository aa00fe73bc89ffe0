import { linkOperations } from './link.ts';
import { passcodeOperations } from './passcode.ts';
import { passwordSignInOperations } from './password.ts';
import { providerOperations } from './provider.ts';
import { sessionOperations } from './session.ts';

/** Signs users in, and serves those who have signed in. */
export const signInOperations = {
  ...passwordSignInOperations,
  ...passcodeOperations,
  ...linkOperations,
  ...sessionOperations,
  ...providerOperations,
};
