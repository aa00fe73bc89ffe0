import type { FastifyInstance } from 'fastify';
import { LINK_MINUTES, operations } from '@tessera/contract';
import { signInEmail } from '../../delivery/messages.ts';
import { InvalidRequest } from '../../http/requestErrors.ts';
import { route } from '../../http/route.ts';
import { UserNotFound } from '../../users/rules/errors.ts';
import { isProved } from '../../users/rules/ownership.ts';
import { findUser } from '../../users/store/findUsers.ts';
import { withCode } from '../browserSignIn.ts';
import { makeCode, redeemCode } from '../codes.ts';
import { completeSignIn, wantSessionToJoin } from '../completeSignIn.ts';
import { EmailMissing, InvalidCode, UserNotActive } from '../errors.ts';
import { addressNamed, canonicalName, findSignInUser } from '../findSignInUser.ts';
import { linkMethod } from '../methods.ts';
import type { SignInParts } from '../parts.ts';
import { hashCode, isOfRequest, newCode } from '../rules/secretCode.ts';
import type { Method } from '../rules/signIn.ts';
import { delivered } from '../sendMessage.ts';
import { tellByStatus } from './authErrors.ts';
import { callingClient, countRequest, wantKnown, wantRedirectUri } from './caller.ts';

/** What the code of a link is kept with. */
interface Sent {
  method: Method;
  requestIdHash?: string;
}

/** Email links, backend to backend. */
export function linkRoutes(app: FastifyInstance, parts: SignInParts): void {
  const { database, limiter, sender } = parts;
  tellByStatus(app);

  route(app, operations.sendMagicLinkEmail, async ({ body, caller, request, reply }) => {
    const {
      email,
      identifier,
      identifier_type: type,
      channel = 'email',
      email_expiration: minutes = LINK_MINUTES,
    } = body;
    if ((email === undefined) === (identifier === undefined)) {
      throw new InvalidRequest('email, identifier: just one of them is required');
    }
    if (identifier !== undefined && type === undefined) throw new InvalidRequest('identifier_type is required');
    const client = await callingClient(database, caller);
    wantRedirectUri(client, body.redirect_uri);
    await countRequest(limiter, client, request, body.client_attributes);
    const [nameType, name] = email !== undefined ? (['email', email] as const) : ([type!, identifier!] as const);
    const user = await findSignInUser(database, client.tenant_id, nameType, name);
    if (!user) throw new UserNotFound();
    if (user.status === 'Disabled') throw new UserNotActive();
    const to = nameType === 'email' ? canonicalName('email', name) : user.profile.email?.value;
    if (!to) throw new EmailMissing();
    await limiter.take('address', client.tenant_id, to);
    const requestId = body.generate_request_id ? newCode() : undefined;
    const code = await makeCode<Sent>(database, client, {
      purpose: 'link',
      subject: to,
      userId: user.user_id,
      lifetime: minutes * 60_000,
      data: {
        method: {
          ...linkMethod(to),
          named: addressNamed(nameType, name),
          sentToUnowned: !isProved(user),
          // A code in the response proves nothing about the address.
          ...(channel === 'direct' && { proved: undefined }),
        },
        ...(requestId && { requestIdHash: hashCode(requestId) }),
      },
    });
    if (channel === 'email') {
      const link = withCode(body.redirect_uri, code, body.state);
      const occasion = { appName: client.app_name, language: user.profile.language, minutes };
      await delivered(sender.email(signInEmail(to, { link }, occasion, body.email_content)), request.log);
    }
    void reply.header('cache-control', 'no-store');
    return {
      message: channel === 'direct' ? 'Link created' : 'Email sent',
      ...(channel === 'direct' && { code }),
      ...(requestId && { request_id: requestId }),
    };
  });

  route(app, operations.authenticateMagicLink, async ({ body, caller, request, reply }) => {
    wantKnown(body);
    const { request_id: requestId, resource, claims, session_id: sessionId } = body;
    const client = await callingClient(database, caller);
    await countRequest(limiter, client, request, body.client_attributes);
    const isMeant = ({ requestIdHash }: Sent): boolean => isOfRequest(requestId, requestIdHash);
    await wantSessionToJoin(database, client, body.session_id);
    const code = await redeemCode<Sent>(database, client, 'link', body.code, isMeant);
    const user = code?.user_id ? await findUser(database, client.tenant_id, code.user_id) : undefined;
    if (!code || !user) throw new InvalidCode();
    void reply.header('cache-control', 'no-store');
    return completeSignIn(parts, client, user, code.data.method, { resource, claims, sessionId });
  });
}
