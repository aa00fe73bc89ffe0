import type { AccessTokenClaims, CreateUserInput } from '@tessera/contract';
import { passwordOf } from '../passwords.ts';
import type { ChangeContext } from '../rules/change.ts';

/** What a rule needs to know beyond the request's body: now, the calling application, and the new password's record. */
export async function changeContext(
  credentials: CreateUserInput['credentials'],
  { app_id: appId }: AccessTokenClaims,
): Promise<ChangeContext> {
  const at = Date.now();
  return { at, appId, password: await passwordOf(credentials, at) };
}
