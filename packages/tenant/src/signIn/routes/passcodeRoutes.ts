import type { FastifyInstance } from 'fastify';
import { canonicalEmail, operations, PASSCODE_DIGITS, PASSCODE_MINUTES } from '@tessera/contract';
import { signInEmail, signInSms } from '../../delivery/messages.ts';
import { route } from '../../http/route.ts';
import { UserNotFound } from '../../users/rules/errors.ts';
import { isProved } from '../../users/rules/ownership.ts';
import type { User } from '../../users/rules/user.ts';
import { findUser } from '../../users/store/findUsers.ts';
import { keepPasscode, redeemPasscode } from '../codes.ts';
import { completeSignIn, wantSessionToJoin } from '../completeSignIn.ts';
import { EmailMissing, InvalidCode, PhoneMissing, UserNotActive } from '../errors.ts';
import { addressNamed, canonicalName, findSignInUser } from '../findSignInUser.ts';
import { aliasOf, emailMethod, smsMethod } from '../methods.ts';
import type { SignInParts } from '../parts.ts';
import { hashCode, isOfRequest, newCode, newPasscode } from '../rules/secretCode.ts';
import type { Method } from '../rules/signIn.ts';
import { delivered } from '../sendMessage.ts';
import { tellByCode } from './authErrors.ts';
import { callingClient, countRequest, wantKnown } from './caller.ts';

/** What a passcode is kept with. */
interface Sent {
  method: Method;
  requestIdHash?: string;
  approvalData?: Record<string, unknown>;
}

/** One-time passcodes, backend to backend. */
export function passcodeRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database, limiter, sender } = parts;
  tellByCode(app);

  route(app, operations.sendOTP, async ({ body, caller, request, reply }) => {
    const { channel, identifier_type: type, identifier, expires_in: minutes = PASSCODE_MINUTES } = body;
    const client = await callingClient(database, caller);
    await countRequest(limiter, client, request, body.client_attributes);
    const user = await findSignInUser(database, client.tenant_id, type, identifier);
    if (!user) throw new UserNotFound();
    if (user.status === 'Disabled') throw new UserNotActive();
    const name = canonicalName(type, identifier);
    const alias = aliasOf(type, name);

    const passcode = newPasscode(PASSCODE_DIGITS);
    const requestId = body.generate_request_id ? newCode() : undefined;
    const { to, method: proof } = recipient(user, { channel, type, name, alias }, body);
    const method = { ...proof, named: addressNamed(type, name), sentToUnowned: !isProved(user) };
    await limiter.take('address', client.tenant_id, to ?? `${type} ${name}`);
    await keepPasscode<Sent>(database, client, passcode, {
      purpose: 'passcode',
      subject: `${type} ${name}`,
      userId: user.user_id,
      lifetime: minutes * 60_000,
      data: {
        method,
        ...(requestId && { requestIdHash: hashCode(requestId) }),
        ...(body.approval_data && { approvalData: body.approval_data }),
      },
    });
    const occasion = { appName: client.app_name, language: user.profile.language, minutes };
    if (channel === 'email') {
      const email = signInEmail(to!, { code: passcode }, occasion, body.email_content);
      await delivered(sender.email(email), request.log);
    } else if (channel === 'sms') {
      const { custom_message: custom, sender_id: senderId } = body.custom_sms_input ?? {};
      await delivered(sender.sms({ to: to!, text: signInSms(passcode, occasion, custom), senderId }), request.log);
    }
    void reply.header('cache-control', 'no-store');
    return {
      message: channel === 'direct' ? 'OTP created' : 'OTP sent',
      ...(channel === 'direct' && { code: passcode }),
      ...(body.approval_data && { approval_data: body.approval_data }),
      ...(requestId && { request_id: requestId }),
    };
  });

  route(app, operations.authenticateOTP, async ({ body, caller, request, reply }) => {
    wantKnown(body);
    const { identifier_type: type, identifier, passcode, request_id: requestId } = body;
    const client = await callingClient(database, caller);
    await countRequest(limiter, client, request, body.client_attributes);
    const subject = `${type} ${canonicalName(type, identifier)}`;
    const isMeant = ({ requestIdHash }: Sent): boolean => isOfRequest(requestId, requestIdHash);
    await wantSessionToJoin(database, client, body.session_id);
    const code = await redeemPasscode<Sent>(database, client, 'passcode', subject, passcode, isMeant);
    const user = await findUser(database, client.tenant_id, code.user_id!);
    if (!user) throw new InvalidCode();
    void reply.header('cache-control', 'no-store');
    const { resource, claims, session_id: sessionId } = body;
    const { method, approvalData } = code.data;
    return completeSignIn(parts, client, user, method, { resource, claims, sessionId, approvalData });
  });
}

interface Asked {
  channel: 'email' | 'sms' | 'direct';
  type: string;
  name: string;
  alias: Method['alias'];
}

/** Where a passcode goes, and what is proved by it. @throws EmailMissing, PhoneMissing */
function recipient(
  { profile }: User,
  { channel, type, name, alias }: Asked,
  { custom_email, custom_phone_number }: { custom_email?: string; custom_phone_number?: string },
): { to: string | undefined; method: Method } {
  if (channel === 'direct') {
    const provider = { providerName: 'Direct OTP', providerType: 'Native' } as const;
    return { to: undefined, method: { authType: 'direct_otp', ...provider, identifier: name, alias, amr: 'otp' } };
  }
  if (channel === 'email') {
    const to = custom_email ? canonicalEmail(custom_email) : type === 'email' ? name : profile.email?.value;
    if (!to) throw new EmailMissing();
    return { to, method: { ...emailMethod(to, custom_email !== undefined), alias } };
  }
  const to = custom_phone_number ?? (type === 'phone_number' ? name : profile.phone_number?.value);
  if (!to) throw new PhoneMissing();
  return { to, method: { ...smsMethod(to, custom_phone_number !== undefined), alias } };
}
