import { Type } from 'typebox';
import type { Operation } from '../schema/operation.ts';
import { badRequest, unauthorized } from '../schema/answers.ts';
import { HttpError } from '../schema/errors.ts';
import { Closed, OneOf } from '../schema/schemas.ts';
import { RedirectUriResult } from './password.ts';
import {
  approvalData,
  AuthError,
  authErrors,
  claims,
  clientAttributes,
  customMessage,
  deviceId,
  email,
  emailContent,
  identifier,
  identifierType,
  orgId,
  phone,
  redirectUri,
  resource,
  senderId,
  signInOptions,
  TokenSet,
} from './schemas.ts';

/** How many digits a one-time passcode has, how long it is good unless told, and how often it may be tried. */
export const PASSCODE_DIGITS = 6;
export const PASSCODE_MINUTES = 5;
export const PASSCODE_ATTEMPTS = 5;

const passcode = Type.String({ minLength: 1, maxLength: 20, format: 'plain-text', description: 'The code' });
const requestId = Type.Optional(
  Type.String({ minLength: 1, maxLength: 255, format: 'plain-text', description: 'The one that sending gave' }),
);
export const minutes = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: 24 * 60, description: `${description}, in minutes` }));
export const generateRequestId = Type.Optional(
  Type.Boolean({ default: false, description: 'Whether an ID is given that must come with the code' }),
);

export const SendPasscodeInput = Closed(
  {
    channel: OneOf(['sms', 'email', 'direct'], 'How the code goes to the user; direct gives it in the answer'),
    identifier,
    identifier_type: identifierType,
    email_content: emailContent,
    custom_sms_input: Type.Optional(Closed({ custom_message: customMessage, sender_id: senderId })),
    approval_data: approvalData,
    custom_email: Type.Optional(email),
    custom_phone_number: Type.Optional(phone),
    client_attributes: clientAttributes,
    device_id: deviceId,
    expires_in: minutes('How long the code is good'),
    generate_request_id: generateRequestId,
  },
  { title: 'SendPasscodeInput' },
);

export const PasscodeSent = Type.Object(
  {
    message: Type.String(),
    approval_data: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })),
    code: Type.Optional(Type.String({ description: 'The code, when the channel is direct' })),
    request_id: Type.Optional(Type.String({ description: 'Must come with the code, when it was asked for' })),
  },
  { title: 'PasscodeSent' },
);

export const PasscodeSignInInput = Closed(
  { passcode, identifier, identifier_type: identifierType, request_id: requestId, ...signInOptions },
  { title: 'PasscodeSignInInput' },
);

const withRedirect = {
  redirect_uri: redirectUri,
  create_new_user: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Whether the sign-in may create the user, where the application allows it. A user who has the address unverified, and has signed in before, loses it to the new one',
    }),
  ),
  resource,
  require_mfa: Type.Optional(Type.Boolean({ default: false, description: 'There is no such flow: true is refused' })),
  claims,
  client_attributes: clientAttributes,
  org_id: orgId,
};

export const SendEmailPasscodeInput = Closed(
  { email, ...withRedirect, email_content: emailContent, approval_data: approvalData },
  { title: 'SendEmailPasscodeInput' },
);
export const SendSmsPasscodeInput = Closed(
  {
    phone_number: phone,
    ...withRedirect,
    custom_message: customMessage,
    sender_id: senderId,
    approval_data: approvalData,
  },
  { title: 'SendSmsPasscodeInput' },
);
export const SendEmailLinkInput = Closed(
  { email, ...withRedirect, email_content: emailContent },
  { title: 'SendEmailLinkInput' },
);

const responseType = Type.Optional(OneOf(['code'], 'A code to exchange for tokens'));
const nonce = Type.Optional(
  Type.String({ minLength: 1, maxLength: 255, format: 'plain-text', description: 'Comes back in the ID token' }),
);
export const ValidateEmailPasscodeInput = Closed(
  { email, passcode, response_type: responseType, nonce },
  { title: 'ValidateEmailPasscodeInput' },
);
export const ValidateSmsPasscodeInput = Closed(
  { phone_number: phone, passcode, response_type: responseType, nonce },
  { title: 'ValidateSmsPasscodeInput' },
);

const noUser = { 404: { description: 'There is no such user, or no address to send to', schema: AuthError } };
const browserErrors = {
  ...badRequest,
  ...unauthorized,
  403: { description: 'The user may not sign in so, or not now', schema: HttpError },
  429: {
    description: 'Too many of these came for this client, address or source: try again after Retry-After',
    schema: HttpError,
  },
};
const noBrowserUser = { 404: { description: 'There is no such user', schema: HttpError } };

/** Signs users in by a code that goes to an address of theirs. */
export const passcodeOperations = {
  sendOTP: {
    operationId: 'sendOTP',
    method: 'POST',
    path: '/cis/v1/auth/otp/send',
    summary: 'Send a one-time passcode',
    curl: `$API/cis/v1/auth/otp/send -d '{"channel":"direct","identifier":"ada","identifier_type":"username"}'`,
    description: 'A new code takes the place of the one before for the same name.',
    tag: 'Sign-in',
    secured: true,
    body: SendPasscodeInput,
    responses: { 200: { description: 'It is sent', schema: PasscodeSent }, ...authErrors, ...noUser },
  },
  authenticateOTP: {
    operationId: 'authenticateOTP',
    method: 'POST',
    path: '/cis/v1/auth/otp/authenticate',
    summary: 'Sign in with a one-time passcode',
    curl: `$API/cis/v1/auth/otp/authenticate -d '{"passcode":"'$PASSCODE'","identifier":"ada","identifier_type":"username"}'`,
    description: `Good once. After ${PASSCODE_ATTEMPTS} wrong ones the name is locked for 15 minutes.`,
    tag: 'Sign-in',
    secured: true,
    body: PasscodeSignInInput,
    responses: { 200: { description: 'The tokens', schema: TokenSet }, ...authErrors },
  },
  sendEmailOtp: {
    operationId: 'sendEmailOtp',
    method: 'POST',
    path: '/cis/v1/auth/otp/email',
    summary: 'Send a one-time passcode by email, for the browser',
    curl: `$API/cis/v1/auth/otp/email -d '{"email":"ada.lovelace@example.com","redirect_uri":"https://shop.example.com/welcome","create_new_user":true}'`,
    tag: 'Sign-in',
    secured: true,
    body: SendEmailPasscodeInput,
    responses: { 200: { description: 'It is sent', schema: PasscodeSent }, ...browserErrors, ...noBrowserUser },
  },
  validateEmailOtp: {
    operationId: 'validateEmailOtp',
    method: 'POST',
    path: '/cis/v1/auth/otp/email/validation',
    summary: 'Check a one-time passcode from an email, for the browser',
    curl: `$API/cis/v1/auth/otp/email/validation -d '{"email":"ada.lovelace@example.com","passcode":"'$PASSCODE'"}'`,
    tag: 'Sign-in',
    secured: true,
    body: ValidateEmailPasscodeInput,
    responses: { 200: { description: 'Where the browser goes on', schema: RedirectUriResult }, ...browserErrors },
  },
  sendSmsOtp: {
    operationId: 'sendSmsOtp',
    method: 'POST',
    path: '/cis/v1/auth/otp/sms',
    summary: 'Send a one-time passcode by SMS, for the browser',
    curl: `$API/cis/v1/auth/otp/sms -d '{"phone_number":"+12125550177","redirect_uri":"https://shop.example.com/welcome","create_new_user":true}'`,
    tag: 'Sign-in',
    secured: true,
    body: SendSmsPasscodeInput,
    responses: { 200: { description: 'It is sent', schema: PasscodeSent }, ...browserErrors, ...noBrowserUser },
  },
  validateSms: {
    operationId: 'validateSms',
    method: 'POST',
    path: '/cis/v1/auth/otp/sms/validation',
    summary: 'Check a one-time passcode from an SMS, for the browser',
    curl: `$API/cis/v1/auth/otp/sms/validation -d '{"phone_number":"+12125550177","passcode":"'$PASSCODE'"}'`,
    tag: 'Sign-in',
    secured: true,
    body: ValidateSmsPasscodeInput,
    responses: { 200: { description: 'Where the browser goes on', schema: RedirectUriResult }, ...browserErrors },
  },
  sendEmail: {
    operationId: 'sendEmail',
    method: 'POST',
    path: '/cis/v1/auth/links/email',
    summary: 'Send a link by email, for the browser',
    curl: `$API/cis/v1/auth/links/email -d '{"email":"ada.lovelace@example.com","redirect_uri":"https://shop.example.com/welcome"}'`,
    description: 'The link leads to the redirect URI, with a code to exchange for tokens.',
    tag: 'Sign-in',
    secured: true,
    body: SendEmailLinkInput,
    responses: { 200: { description: 'It is sent', schema: PasscodeSent }, ...browserErrors, ...noBrowserUser },
  },
} as const satisfies Record<string, Operation>;
