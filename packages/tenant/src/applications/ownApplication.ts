import { MANAGEMENT_ROLE, type AccessTokenClaims } from '@tessera/contract';
import { OtherApplication } from './errors.ts';

export const manages = ({ roles }: AccessTokenClaims): boolean => roles.includes(MANAGEMENT_ROLE);

/** @throws OtherApplication when an ordinary application asks for another one, whether that is there or not */
export function wantOwn(caller: AccessTokenClaims, appId: string): void {
  if (!manages(caller) && caller.app_id !== appId) throw new OtherApplication();
}
