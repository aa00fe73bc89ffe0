import type { ApiUser, CreateUserInput } from '@tessera/contract';
import type { ClientCredentials } from '@tessera-identity/tenant';
import type { Mailbox } from './mailbox.ts';

const PEOPLE: CreateUserInput[] = [
  { email: 'ada@example.com', name: { first_name: 'Ada', last_name: 'Byron' }, custom_data: { plan: 'trial' } },
  { email: 'grace@example.com', name: { first_name: 'Grace', last_name: 'Hopper' } },
  { email: 'alan@example.com', name: { first_name: 'Alan', last_name: 'Turing' } },
];

/**
 * Makes a few users in a tenant, of whom the first signs in by a code in an email; those that are there already stay as
 * they are.
 * @param mailbox where that email comes
 * @returns the first of them, whom the workflow updates
 */
export async function seedTenant(
  url: string,
  { clientId, clientSecret }: ClientCredentials,
  mailbox: Mailbox,
): Promise<ApiUser> {
  const { access_token } = await send<{ access_token: string }>(`${url}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }),
  });
  const headers = { authorization: `Bearer ${access_token}`, 'content-type': 'application/json' };
  for (const person of PEOPLE) {
    const answer = await fetch(`${url}/cis/v1/users`, { method: 'POST', headers, body: JSON.stringify(person) });
    if (!answer.ok && answer.status !== 409) throw new Error(`The tenant made no user: HTTP status ${answer.status}`);
  }
  const auth = (path: string, body: object) =>
    send(`${url}/cis/v1/auth/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const named = { identifier: PEOPLE[0]!.email, identifier_type: 'email' };
  await auth('otp/send', { channel: 'email', ...named });
  await auth('otp/authenticate', { passcode: mailbox.latestCode(), ...named });
  const { result } = await send<{ result: ApiUser }>(`${url}/cis/v1/users/email/${PEOPLE[0]!.email}`, { headers });
  return result;
}

async function send<Body>(url: string, request: RequestInit): Promise<Body> {
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`The tenant answered ${url} with HTTP status ${answer.status}`);
  return (await answer.json()) as Body;
}
