import { defineError } from '../errors.ts';

/** Why a sign-in is refused, by the codes of the vendor's backend operations. */

export class InvalidCredentials extends defineError({
  code: 'auth_invalid_credentials',
  status: 401,
  meaning: 'The name, the password or both are wrong, or there is no such user, or no password.',
  remedy: 'Let the user try again; too many wrong ones lock the name for a while.',
  member: 'error_code',
}) {
  constructor() {
    super('The name or the password is wrong');
  }
}

/** The same of a code, where the vendor's status is another one. */
export class InvalidCode extends defineError({
  code: 'auth_invalid_code',
  status: 400,
  meaning: 'The code is wrong, was used already, or was sent for another name or application.',
  remedy:
    'Let the user try again, or send a new one. The body of the answer to a passcode has the code auth_invalid_credentials.',
}) {
  constructor() {
    super('The code is wrong');
  }
}

/** The code is right, and does not lead to the user. */
export class AddressUnverified extends defineError({
  code: 'auth_address_unverified',
  status: 400,
  meaning:
    'The code is right, but somebody has signed in to the profile before, and nobody has verified the address: it does not identify the user.',
  remedy:
    'Let the user sign in another way, and send the session_id with a new code. Mark the address as verified yourself only when you know by other means that it belongs to the owner of the profile. The body of the response has the code auth_invalid_credentials.',
}) {
  constructor() {
    super(
      'The code does not identify the user, since the address is not verified. Let the user sign in another way, and send the session_id with a new code',
    );
  }
}

export class CodeExpired extends defineError({
  code: 'auth_otp_passcode_expired',
  status: 400,
  meaning: 'The code was good, and its time is over.',
  remedy: 'Send a new one.',
  member: 'error_code',
}) {
  constructor() {
    super('The code has expired');
  }
}

export class SignInLocked extends defineError({
  code: 'auth_locked',
  status: 403,
  meaning: 'Too many wrong codes or passwords came for this name: it is locked for a while.',
  remedy: 'Send the request again after the seconds that Retry-After names.',
  member: 'error_code',
}) {
  override readonly headers: Record<string, string>;
  constructor(milliseconds: number) {
    super('Too many wrong ones came: the name is locked for a while');
    this.headers = { 'retry-after': String(Math.max(1, Math.ceil(milliseconds / 1000))) };
  }
}

/** A password that signs nobody in, but lets a new one be set. */
abstract class PasswordMustChange extends defineError({
  code: 'auth_password_must_change',
  status: 403,
  meaning: 'The password is right, and must be replaced before it signs anybody in.',
  remedy:
    'Set a new one at /cis/v1/auth/password/reset with the reset_token of the answer. The body tells whether it is temporary or expired.',
}) {
  abstract readonly word: 'auth_password_temporary' | 'auth_password_expired';
  readonly resetToken: string;
  constructor(what: string, resetToken: string) {
    super(`The password ${what}: set a new one with the reset_token`);
    this.resetToken = resetToken;
  }
}
export class PasswordTemporary extends PasswordMustChange {
  readonly word = 'auth_password_temporary';
  constructor(resetToken: string) {
    super('is temporary', resetToken);
  }
}
export class PasswordExpired extends PasswordMustChange {
  readonly word = 'auth_password_expired';
  constructor(resetToken: string) {
    super('has expired', resetToken);
  }
}
export { PasswordMustChange };

export class TemporaryPasswordExpired extends defineError({
  code: 'auth_password_expired',
  status: 403,
  meaning: 'The password is right, but it was a temporary one whose time is over: it lets no new one be set either.',
  remedy: 'Give the user another password, or let the user sign in another way.',
  member: 'error_code',
}) {
  constructor() {
    super('The temporary password has expired: ask for another one');
  }
}

export class UserNotActive extends defineError({
  code: 'user_not_active',
  status: 403,
  meaning: 'The user is disabled, and may sign in nowhere in the tenant.',
  remedy: 'Give the user another status first.',
  member: 'error_code',
}) {
  constructor() {
    super('The user is disabled');
  }
}

export class WrongPassword extends defineError({
  code: 'auth_wrong_password',
  status: 403,
  meaning: 'The password so far, which a new one takes, is wrong.',
  remedy: 'Let the user try again; too many wrong ones lock it for a while.',
  member: 'error_code',
}) {
  constructor() {
    super('current_password is wrong');
  }
}

export class EmailMissing extends defineError({
  code: 'user_email_address_missing',
  status: 404,
  meaning: 'The user has no email that the code could go to.',
  remedy: 'Send it another way, or to a custom_email.',
  member: 'error_code',
}) {
  constructor() {
    super('The user has no email');
  }
}

export class PhoneMissing extends defineError({
  code: 'user_phone_number_missing',
  status: 404,
  meaning: 'The user has no phone number that the code could go to.',
  remedy: 'Send it another way, or to a custom_phone_number.',
  member: 'error_code',
}) {
  constructor() {
    super('The user has no phone number');
  }
}

export class SignupNotAllowed extends defineError({
  code: 'signup_not_allowed',
  status: 400,
  meaning: 'There is no such user, and the application does not allow sign-ins to create users.',
  remedy: 'Set allow_public_signup of the application, or create the user first.',
  member: 'error_code',
}) {
  constructor() {
    super('create_new_user must be false: the application does not allow public sign-up');
  }
}

export class SessionNotFound extends defineError({
  code: 'session_not_found',
  status: 404,
  meaning: 'There is no such session of this application, or it is over.',
  remedy: 'Let the user sign in again.',
  member: 'error_code',
}) {
  constructor() {
    super('There is no such session');
  }
}

/** A session that is to give tokens, or to be joined. */
export class SessionOver extends defineError({
  code: 'session_over',
  status: 400,
  meaning: 'There is no such session of this user and application, or it is over.',
  remedy: 'Let the user sign in again. The body of the answer has the code session_not_found.',
}) {
  constructor() {
    super('session_id: There is no such session');
  }
}

export class RefreshTokenInvalid extends defineError({
  code: 'refresh_token_invalid',
  status: 400,
  meaning: 'The refresh token is not good, has expired, or came for the second time, which has ended its session.',
  remedy: 'Let the user sign in again.',
  member: 'error_code',
}) {
  constructor() {
    super('The refresh token is not good');
  }
}

export class DeliveryFailed extends defineError({
  code: 'external_provider_configuration_error',
  status: 400,
  meaning: 'The mail server or the SMS gateway that the tenant is set up with did not take the message.',
  remedy: 'Look into the log of the tenant, and check TESSERA_SMTP_URL or TESSERA_SMS_URL.',
  member: 'error_code',
}) {
  constructor(cause: unknown) {
    super('The message could not be sent', { cause });
  }
}

/** At the token endpoint: a code or refresh token that is not good (RFC 6749, 5.2). */
export class InvalidGrant extends defineError({
  code: 'invalid_grant',
  status: 400,
  meaning:
    'The code or the refresh token is not good, was used already, or was given for another client or redirect URI.',
  remedy: 'Let the user sign in again.',
  member: 'error',
}) {
  constructor(what = 'The code or the refresh token is not good') {
    super(what);
  }
}

/** The session of the user whose token it is has ended. */
export class SessionEnded extends defineError({
  code: 'session_ended',
  status: 401,
  meaning: 'The user has signed out, or may not sign in any more, or the session was ended.',
  remedy: 'Let the user sign in again.',
}) {
  override readonly headers = {
    'www-authenticate': `Bearer realm="tessera", error="invalid_token", error_description="${this.message}"`,
  };
  constructor() {
    super('The session of this access token is over');
  }
}

export class ProviderTaken extends defineError({
  code: 'identity_provider_is_taken',
  status: 409,
  meaning: 'The application has an identity provider of this name.',
  remedy: 'Take another name, or remove that one first.',
  member: 'ts_error_code',
}) {
  constructor() {
    super('name is taken: the application has a provider of this name');
  }
}

export class ProviderNotFound extends defineError({
  code: 'identity_provider_not_found',
  status: 404,
  meaning: 'There is no such client, or its application has no identity provider of this name.',
  remedy: 'Get the identity providers of the application to see their names.',
}) {
  constructor() {
    super('There is no such client, or no such identity provider');
  }
}

export class ProviderFailed extends defineError({
  code: 'identity_provider_failed',
  status: 400,
  meaning: 'The identity provider does not answer, or not as OpenID Connect says.',
  remedy:
    'Check the issuer that the provider was set up with. The application gets server_error at its redirect URI, and the log has the reason.',
  logged: true,
}) {
  constructor(cause: unknown) {
    super('The identity provider does not answer as it should', { cause });
  }
}
