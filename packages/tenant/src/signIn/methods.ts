import type { SignInIdentifierType } from '@tessera/contract';
import type { Method } from './rules/signIn.ts';

/** How users sign in by what goes to an address: of theirs, or one from elsewhere, that the application has named. */

/** How an identity tells the name that a user signed in with; the vendor has no word for an ID. */
export const aliasOf = (type: SignInIdentifierType, value: string): NonNullable<Method['alias']> => ({
  type: type === 'user_id' || type === 'external_user_id' ? 'unspecified' : type,
  value,
});

export const emailMethod = (email: string, elsewhere = false): Method => ({
  authType: 'email_otp',
  providerName: 'Email OTP',
  providerType: 'Native',
  identifier: email,
  alias: { type: 'email', value: email },
  proved: { kind: 'email', value: email, elsewhere },
  amr: 'otp',
});

export const smsMethod = (phoneNumber: string, elsewhere = false): Method => ({
  authType: 'sms_otp',
  providerName: 'SMS OTP',
  providerType: 'Native',
  identifier: phoneNumber,
  alias: { type: 'phone_number', value: phoneNumber },
  proved: { kind: 'phone_number', value: phoneNumber, elsewhere },
  amr: 'sms',
});

export const linkMethod = (email: string): Method => ({
  authType: 'email_magic_link',
  providerName: 'Email Magic Link',
  providerType: 'Native',
  identifier: email,
  alias: { type: 'email', value: email },
  proved: { kind: 'email', value: email },
  amr: 'otp',
});
