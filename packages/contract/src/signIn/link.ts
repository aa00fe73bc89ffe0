import { Type } from 'typebox';
import type { Operation } from '../schema/operation.ts';
import { unauthorized } from '../schema/answers.ts';
import { Closed, OneOf } from '../schema/schemas.ts';
import { generateRequestId, minutes, PasscodeSent } from './passcode.ts';
import {
  authErrors,
  clientAttributes,
  deviceId,
  email,
  emailContent,
  identifier,
  identifierType,
  redirectUri,
  signInOptions,
  TokenSet,
} from './schemas.ts';

/** How long a link is good unless told, in minutes. */
export const LINK_MINUTES = 15;

export const SendLinkInput = Closed(
  {
    email: Type.Optional(email),
    identifier: Type.Optional(identifier),
    identifier_type: Type.Optional(identifierType),
    redirect_uri: redirectUri,
    channel: Type.Optional(
      OneOf(['email', 'direct'], 'How the link goes to the user; direct gives its code in the answer'),
    ),
    email_content: emailContent,
    email_expiration: minutes('How long the link is good'),
    state: Type.Optional(
      Type.String({ maxLength: 1000, format: 'plain-text', description: 'Comes back with the code' }),
    ),
    client_attributes: clientAttributes,
    device_id: deviceId,
    generate_request_id: generateRequestId,
  },
  { title: 'SendLinkInput', description: 'Wants an email or an identifier' },
);

export const LinkSignInInput = Closed(
  {
    code: Type.String({ minLength: 1, maxLength: 255, format: 'plain-text', description: 'From the link' }),
    request_id: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, format: 'plain-text', description: 'The one that sending gave' }),
    ),
    ...signInOptions,
  },
  { title: 'LinkSignInInput' },
);

/** An error of these operations: the vendor's have the status as text. */
const LinkError = Type.Object(
  { error_code: Type.String({ description: 'The HTTP status, as text' }), message: Type.String() },
  { title: 'LinkError' },
);
const linkErrors = {
  400: { description: 'The request is malformed, or the code is not good', schema: LinkError },
  ...unauthorized,
  403: { description: 'The user may not sign in so, or not now', schema: LinkError },
  429: { ...authErrors[429], schema: LinkError },
};

/** Signs users in by a link in an email. */
export const linkOperations = {
  sendMagicLinkEmail: {
    operationId: 'sendMagicLinkEmail',
    method: 'POST',
    path: '/cis/v1/auth/link/email/send',
    summary: 'Send an email link',
    curl: `$API/cis/v1/auth/link/email/send -d '{"email":"ada@example.com","redirect_uri":"https://shop.example.com/welcome","channel":"direct"}'`,
    description:
      'The link leads to the redirect URI, with a code that signs the user in. A new one takes the place of the one before.',
    tag: 'Sign-in',
    secured: true,
    body: SendLinkInput,
    responses: {
      200: { description: 'It is sent', schema: PasscodeSent },
      ...linkErrors,
      404: { description: 'There is no such user, or no email to send to', schema: LinkError },
    },
  },
  authenticateMagicLink: {
    operationId: 'authenticateMagicLink',
    method: 'POST',
    path: '/cis/v1/auth/link/email/authenticate',
    summary: 'Sign in with the code of an email link',
    curl: `$API/cis/v1/auth/link/email/authenticate -d '{"code":"'$LINK_CODE'"}'`,
    description: 'Good once.',
    tag: 'Sign-in',
    secured: true,
    body: LinkSignInInput,
    responses: { 200: { description: 'The tokens', schema: TokenSet }, ...linkErrors },
  },
} as const satisfies Record<string, Operation>;
