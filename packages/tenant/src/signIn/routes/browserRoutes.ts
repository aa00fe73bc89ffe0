import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  canonicalEmail,
  LINK_MINUTES,
  operations,
  PASSCODE_DIGITS,
  PASSCODE_MINUTES,
  type AccessTokenClaims,
} from '@tessera/contract';
import type { AuthenticateClient } from '../../access/clientAuthentication.ts';
import type { ClientOfApplication } from '../../applications/clientStore.ts';
import { signInEmail, signInSms, type EmailContent } from '../../delivery/messages.ts';
import { showErrorsInBrowsers } from '../../http/errorPage.ts';
import { InvalidRequest } from '../../http/requestErrors.ts';
import { route } from '../../http/route.ts';
import { UserNotFound } from '../../users/rules/errors.ts';
import type { Address } from '../../users/rules/ownership.ts';
import type { User } from '../../users/rules/user.ts';
import {
  browserCode,
  exchangeCode,
  redirectUrl,
  withCode,
  type BrowserSignIn,
  type NewProfile,
} from '../browserSignIn.ts';
import { keepPasscode, redeemPasscode } from '../codes.ts';
import { SignupNotAllowed, UserNotActive } from '../errors.ts';
import { findOwner } from '../findSignInUser.ts';
import { emailMethod, linkMethod, smsMethod } from '../methods.ts';
import type { SignInParts } from '../parts.ts';
import { hashCode, newPasscode } from '../rules/secretCode.ts';
import { delivered } from '../sendMessage.ts';
import { findCode } from '../store/codes.ts';
import { callingClient, countRequest, wantKnown, wantRedirectUri } from './caller.ts';

/** What the requests that send something have in common. */
interface SendInput {
  redirect_uri: string;
  create_new_user?: boolean;
  resource?: string;
  claims?: BrowserSignIn['wishes']['claims'];
  require_mfa?: boolean;
  org_id?: string;
  client_attributes?: { ip_address?: string };
  approval_data?: Record<string, unknown>;
  email_content?: EmailContent;
}

/** Sign-ins that end in the browser, with a code at the redirect URI. */
export function browserRoutes(app: FastifyInstance, parts: SignInParts, authenticateClient: AuthenticateClient): void {
  const { database, limiter, sender, publicUrl } = parts;
  showErrorsInBrowsers(app);

  /** Who is to sign in, and with what client. @throws UserNotFound, UserNotActive, SignupNotAllowed, TooManyRequests */
  const begin = async (
    caller: AccessTokenClaims,
    request: FastifyRequest,
    profile: NewProfile,
    body: SendInput,
  ): Promise<{ client: ClientOfApplication; user: User | undefined; signIn: Omit<BrowserSignIn, 'method'> }> => {
    wantKnown(body);
    const client = await callingClient(database, caller);
    wantRedirectUri(client, body.redirect_uri);
    await countRequest(limiter, client, request, body.client_attributes);
    const address: Address =
      'email' in profile
        ? { kind: 'email', value: profile.email }
        : { kind: 'phone_number', value: profile.phone_number };
    const user = await findOwner(database, client.tenant_id, address);
    if (!user && !body.create_new_user) throw new UserNotFound();
    if (!user && !client.app_settings.allow_public_signup) throw new SignupNotAllowed();
    if (user?.status === 'Disabled') throw new UserNotActive();
    await limiter.take('address', client.tenant_id, address.value);
    const { resource, claims, approval_data: approvalData, redirect_uri: redirectUri } = body;
    const wishes = { resource, claims, approvalData };
    const signIn = { userId: user?.user_id, ...(!user && { create: profile }), redirectUri, wishes };
    return { client, user, signIn };
  };

  /** Keeps a passcode for a sign-in. @returns the passcode */
  const keep = async (client: ClientOfApplication, subject: string, { userId, ...data }: BrowserSignIn) => {
    const passcode = newPasscode(PASSCODE_DIGITS);
    const lifetime = PASSCODE_MINUTES * 60_000;
    await keepPasscode(database, client, passcode, { purpose: 'passcode', subject, userId, lifetime, data });
    return passcode;
  };

  /** Checks a passcode. @returns where the browser goes on */
  const validate = async (
    caller: AccessTokenClaims,
    request: FastifyRequest,
    subject: string,
    passcode: string,
    nonce?: string,
  ) => {
    const client = await callingClient(database, caller);
    await countRequest(limiter, client, request);
    const { user_id, data } = await redeemPasscode<Omit<BrowserSignIn, 'userId'>>(
      database,
      client,
      'passcode',
      subject,
      passcode,
    );
    const wishes = { ...data.wishes, nonce };
    const code = await browserCode(database, client, { ...data, userId: user_id ?? undefined, wishes });
    return { result: redirectUrl(publicUrl, code) };
  };

  route(app, operations.sendEmailOtp, async ({ body, caller, request }) => {
    const email = canonicalEmail(body.email);
    const { client, user, signIn } = await begin(caller, request, { email }, body);
    const code = await keep(client, `browser email ${email}`, { ...signIn, method: emailMethod(email) });
    const occasion = { appName: client.app_name, language: user?.profile.language, minutes: PASSCODE_MINUTES };
    await delivered(sender.email(signInEmail(email, { code }, occasion, body.email_content)), request.log);
    return sent('Email sent', body);
  });

  route(app, operations.validateEmailOtp, ({ body, caller, request }) =>
    validate(caller, request, `browser email ${canonicalEmail(body.email)}`, body.passcode, body.nonce),
  );

  route(app, operations.sendSmsOtp, async ({ body, caller, request }) => {
    const { phone_number } = body;
    const { client, user, signIn } = await begin(caller, request, { phone_number }, body);
    const code = await keep(client, `browser phone_number ${phone_number}`, {
      ...signIn,
      method: smsMethod(phone_number),
    });
    const occasion = { appName: client.app_name, language: user?.profile.language };
    const text = signInSms(code, occasion, body.custom_message);
    await delivered(sender.sms({ to: phone_number, text, senderId: body.sender_id }), request.log);
    return sent('SMS sent', body);
  });

  route(app, operations.validateSms, ({ body, caller, request }) =>
    validate(caller, request, `browser phone_number ${body.phone_number}`, body.passcode, body.nonce),
  );

  route(app, operations.sendEmail, async ({ body, caller, request }) => {
    const email = canonicalEmail(body.email);
    const { client, user, signIn } = await begin(caller, request, { email }, body);
    // The code that the redirect URI gets: no program that only looks at the link uses it up.
    const options = { subject: `link ${email}`, lifetime: LINK_MINUTES * 60_000 };
    const code = await browserCode(database, client, { ...signIn, method: linkMethod(email) }, options);
    const link = withCode(body.redirect_uri, code);
    const occasion = { appName: client.app_name, language: user?.profile.language, minutes: LINK_MINUTES };
    await delivered(sender.email(signInEmail(email, { link }, occasion, body.email_content)), request.log);
    return sent('Email sent', body);
  });

  route(app, operations.completeSignIn, async ({ query, reply }) => {
    const code = await findCode<BrowserSignIn>(database, 'authorization', hashCode(query.code), Date.now());
    if (!code) throw new InvalidRequest('code is not good any more: sign in again');
    void reply.header('location', withCode(code.data.redirectUri, query.code));
    void reply.header('cache-control', 'no-store');
    return undefined;
  });

  route(app, operations.tokenExchange, async ({ body, reply }) => {
    const { client_id: clientId, client_secret: clientSecret, code } = body;
    const client = await authenticateClient({ clientId, clientSecret });
    const { tokens, created } = await exchangeCode(parts, client, code);
    void reply.header('cache-control', 'no-store');
    const { id_token, access_token, refresh_token } = tokens;
    return { id_token, access_token, refresh_token, is_user_created: created };
  });
}

const sent = (message: string, { approval_data }: SendInput) => ({ message, ...(approval_data && { approval_data }) });
