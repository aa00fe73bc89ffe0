import type { AccessTokenClaims, CreateUserInput } from '@tessera/contract';
import { hashSecret } from '../access/secrets.ts';
import type { ChangeContext } from '../users/change.ts';

/** What a rule needs to know beyond the request's body: now, the calling application, and the new password's record. */
export async function changeContext(
  credentials: CreateUserInput['credentials'],
  caller: AccessTokenClaims,
): Promise<ChangeContext> {
  const context = { at: Date.now(), appId: caller.app_id };
  if (!credentials) return context;
  const { password, force_replace: temporary = true } = credentials;
  return { ...context, password: { hash: await hashSecret(password), temporary, updated_at: context.at } };
}
