import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freshEmail } from '../../packages/tenant/test/testTenant.ts';
import type { Fault } from './faultyProxy.ts';
import { byId, itemsOf, locator, one, Setting, updateEach } from './setting.ts';

const setting = new Setting();

/** A server elsewhere that keeps what it gets. */
async function startElsewhere() {
  const got: string[] = [];
  const server = createServer((request, answer) => {
    let text = `${request.method} ${request.url} ${JSON.stringify(request.headers)}`;
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      got.push(text);
      answer
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"access_token":"x","result":{"user_id":"x"}}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    got,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('nothing secret goes elsewhere', () => {
  it.each([301, 302, 303, 307, 308])('when the Users API redirects with %d', async (status) => {
    const elsewhere = await startElsewhere();
    try {
      const user = await setting.newUser();
      setting.proxy.faults = (line) =>
        line.includes('/cis/') ? { kind: 'answer', status, headers: { location: `${elsewhere.url}/x` } } : undefined;
      const fields = { credentials: { value: { password: 'correct horse' } } };
      const { error } = await setting.run('updateUser', { userId: byId(user.user_id), fields });
      expect(error!.message).toContain(`The tenant redirects to ${elsewhere.url}, which is not followed`);
      expect(elsewhere.got).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });

  it.each([302, 307, 308])('when the token endpoint redirects with %d', async (status) => {
    const elsewhere = await startElsewhere();
    try {
      setting.credential.data.baseUrl = setting.proxy.url.replace('127.0.0.1', 'localhost') + '/'.repeat(status % 5);
      setting.credential.data.clientId = `other-${status}`;
      setting.proxy.faults = () => ({ kind: 'answer', status, headers: { location: `${elsewhere.url}/x` } });
      const { error } = await setting.run('updateUser', { userId: byId('x'), fields: { language: 'en' } });
      expect(error!.message).toMatch(/^The base URL redirects elsewhere/);
      expect(elsewhere.got).toEqual([]);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('a success that did nothing is none', () => {
  it.each<[string, Partial<Extract<Fault, { kind: 'answer' }>>]>([
    ['a page of a proxy', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Sign in</html>' }],
    ['an empty object', { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' }],
    ['no result', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"result":null}' }],
    ['null', { status: 200, headers: { 'content-type': 'application/json' }, body: 'null' }],
    ['a result of nothing', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"result":{}}' }],
    ['no content', { status: 204 }],
    ['broken JSON', { status: 200, headers: { 'content-type': 'application/json' }, body: '{"result":{"user_id"' }],
  ])('%s', async (what, fault) => {
    const user = await setting.newUser();
    setting.proxy.faults = (line) => (line.includes('/cis/') ? ({ kind: 'answer', ...fault } as Fault) : undefined);
    for (const [operation, parameters] of [
      ['updateUser', { fields: { language: 'en' } }],
      ['getUser', {}],
      // What gives nothing may give any JSON.
      ...(/page|broken/.test(what) ? ([['deleteUser', {}]] as const) : []),
    ] as const) {
      const { error, items } = await setting.run(operation, { userId: byId(user.user_id), ...parameters });
      expect(items).toEqual([]);
      expect(error!.message).toMatch(/is not one of the Users API: check the base URL/);
    }
  });

  it('and a base URL with a path of the API is told as such', async () => {
    setting.credential.data.baseUrl = `${setting.proxy.url}/cis/v1`;
    const { error } = await setting.run('getUser', { userId: byId('x') });
    expect(error!.message).toMatch(/^The base URL must be the address of the tenant alone, without \/cis\/v1/);
  });
});

it('an error of another shape fails its item alone', async () => {
  const users = await setting.newUsers(3);
  setting.proxy.faults = (line) =>
    line.includes(users[1]!.user_id)
      ? {
          kind: 'answer',
          status: 400,
          headers: { 'content-type': 'application/json' },
          body: '{"message":{"reason":"no"}}',
        }
      : undefined;
  const { items, error } = await setting.run(
    'updateUser',
    { ...updateEach, options: one },
    itemsOf(users),
    'continueRegularOutput',
  );
  expect(error).toBeUndefined();
  expect(items.map(({ json }) => json.language ?? json.error)).toEqual(['l0', '{"reason":"no"}', 'l2']);
});

describe('what can pass is tried again', () => {
  it.each<[string, Fault]>([
    ['the connection is cut before the work', { kind: 'reset' }],
    ['the connection is cut after the work', { kind: 'reset', after: true }],
    ['the answer is cut off', { kind: 'half' }],
    ['busy, before the work', { kind: 'answer', status: 503, headers: { 'retry-after': '0' } }],
    ['busy, after the work', { kind: 'answer', after: true, status: 503, headers: { 'retry-after': '0' } }],
    ['too many requests', { kind: 'answer', status: 429, headers: { 'retry-after': '0' } }],
    ['a gateway without a tenant', { kind: 'answer', status: 502 }],
  ])('%s: nothing is lost or doubled', async (_what, fault) => {
    const users = await setting.newUsers(4);
    setting.proxy.faults = (_line, place) => (place >= 0 && place % 3 === 0 ? fault : undefined);
    const updated = await setting.output('updateUser', { ...updateEach, options: one }, itemsOf(users));
    expect(updated.map(({ user_id, language }) => [user_id, language])).toEqual(
      users.map(({ user_id }, n) => [user_id, `l${n}`]),
    );
    setting.proxy.faults = (_line, place) => (place >= 0 && place % 3 === 0 ? fault : undefined);
    const emails = users.map(() => freshEmail());
    const created = await setting.output(
      'createUser',
      { fields: { email: '={{ $json.email }}', language: 'en' }, options: one },
      emails.map((email) => ({ email })),
    );
    expect(created.map(({ email }) => (email as { value: string }).value)).toEqual(emails);
    setting.proxy.faults = (_line, place) => (place >= 0 && place % 3 === 0 ? fault : undefined);
    const deleted = await setting.output('deleteUser', { userId: byId('={{ $json.id }}') }, itemsOf(users));
    expect(deleted).toHaveLength(4);
  });

  it('an email is the same whatever its host is written in, and so nobody is created twice', async () => {
    const local = freshEmail().split('@')[0]!;
    const email = `${local}@BÜCHER.example`;
    setting.proxy.faults = (line, place) =>
      line.startsWith('POST') && place === 0 ? { kind: 'reset', after: true } : undefined;
    const [created] = await setting.output('createUser', { fields: { email } });
    expect(created!.email).toMatchObject({ value: `${local}@xn--bcher-kva.example` });
    const skip = {
      userId: byId(created!.user_id as string),
      fields: { email },
      options: { skipIfNothingChanges: true },
    };
    expect(await setting.output('updateUser', skip)).toMatchObject([{ unchanged: true }]);
  });

  it('many at once: what fails goes by itself, and nobody is created twice', async () => {
    const emails = Array.from({ length: 20 }, () => freshEmail());
    let bulk = 0;
    setting.proxy.faults = (line) =>
      line.endsWith('/bulk') && (bulk += 1) === 1 ? { kind: 'reset', after: true } : undefined;
    const created = await setting.output(
      'createUser',
      { fields: { email: '={{ $json.email }}' } },
      emails.map((email) => ({ email })),
    );
    expect(created.map(({ email }) => (email as { value: string }).value)).toEqual(emails);
    expect(new Set(created.map(({ user_id }) => user_id)).size).toBe(20);
  });

  it('many at once: what the answer does not tell of is done by itself, and nobody is created twice', async () => {
    const answered = (items: object[]): Fault => ({
      kind: 'answer',
      after: true,
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ result: { items } }),
    });
    const busy = { error: { error_code: 503, message: 'Busy' } };
    for (const items of [[], [{}, {}], [busy, busy]]) {
      const emails = [freshEmail(), freshEmail()];
      setting.proxy.faults = (line) => (line.endsWith('/bulk') ? answered(items) : undefined);
      const created = await setting.output(
        'createUser',
        { fields: { email: '={{ $json.email }}' } },
        emails.map((email) => ({ email })),
      );
      expect(created.map(({ email }) => (email as { value: string }).value)).toEqual(emails);
    }
    const users = await setting.newUsers(2);
    setting.proxy.faults = (line) => (line.endsWith('/bulk') ? answered([{ user: users[1]! }]) : undefined);
    const updated = await setting.output('updateUser', updateEach, itemsOf(users));
    expect(updated.map(({ user_id }) => user_id)).toEqual(users.map(({ user_id }) => user_id));
    // What was done for the same user after it is done again after it.
    const [user] = users;
    setting.proxy.faults = (line) => (line.endsWith('/bulk') ? answered([busy, { user: user! }]) : undefined);
    await setting.output('updateUser', updateEach, itemsOf([user!, user!]));
    expect((await setting.tenant.get(user!.user_id)).language).toBe('l1');
  });

  it('no longer than Max Retries says', async () => {
    const user = await setting.newUser();
    setting.proxy.faults = (_line, place) => (place >= 0 ? { kind: 'answer', status: 502 } : undefined);
    const { error } = await setting.run('updateUser', {
      userId: byId(user.user_id),
      fields: { language: 'en' },
      options: { maxRetries: 2 },
    });
    expect(error).toMatchObject({ httpCode: '502', message: 'The tenant answered with HTTP status 502' });
    expect(setting.proxy.apiRequests).toHaveLength(3);
  });

  it('but not what may have been done and does harm twice', async () => {
    for (const more of [
      { fields: { language: 'en' }, options: { onlyThisVersion: '"1"' } },
      { fields: { language: 'en', credentials: { value: { password: 'correct horse' } } } },
    ]) {
      const user = await setting.newUser();
      setting.proxy.reset();
      setting.proxy.faults = (_line, place) => (place === 0 ? { kind: 'reset', after: true } : undefined);
      const { error } = await setting.run('updateUser', { userId: byId(user.user_id), ...more });
      expect(error!.description).toContain('It may have been carried out all the same.');
      expect(setting.proxy.apiRequests).toHaveLength(1);
      expect((await setting.tenant.get(user.user_id)).language).toBe('en');
    }
    setting.proxy.reset();
    setting.proxy.faults = (_line, place) => (place === 0 ? { kind: 'reset', after: true } : undefined);
    const group = await setting.run('createGroup', { groupName: `G ${Date.now()}` }, [{}], 'stopWorkflow', {
      resource: 'group',
    });
    expect(group.error!.description).toContain('It may have been carried out all the same.');
    expect(setting.proxy.apiRequests).toHaveLength(1);
  });
});

it('the credential is read once for a run, however many items', async () => {
  const users = await setting.newUsers(10);
  let reads = 0;
  const { getDecrypted } = setting.credential;
  setting.credential.getDecrypted = () => {
    reads += 1;
    return getDecrypted();
  };
  await setting.output('updateUser', { ...updateEach, options: one }, itemsOf(users));
  expect(reads).toBe(1);
});

describe('a fault of one item stays with it', () => {
  const columns = (column: string) => ({ mappingMode: 'autoMapInputData', value: null, matchingColumns: [column] });

  it('when a row names nobody that there could be', async () => {
    const ids = ['a', '..', 'b'].map((id) => (id === '..' ? id : `${id}-${Date.now()}`));
    const rows = ids.map((external_user_id) => ({ external_user_id, email: freshEmail() }));
    const { items, error } = await setting.run(
      'createOrUpdateUser',
      { specifyFields: 'columns', columns: columns('external_user_id') },
      rows,
      'continueRegularOutput',
    );
    expect(error).toBeUndefined();
    expect(items.map(({ json }) => (json.details ? json.error : json.external_user_id))).toEqual([
      ids[0],
      '\'External User ID\' is "..", which names no one',
      ids[2],
    ]);
  });

  it('when what to show of a user is told wrongly, and the others are shown', async () => {
    const users = await setting.newUsers(3);
    const { items, error } = await setting.run(
      'updateUser',
      {
        ...updateEach,
        options: { output: 'selected', outputFields: '={{ $json.n === 1 ? 7 : ["language"] }}' },
      },
      itemsOf(users),
      'continueRegularOutput',
    );
    expect(error).toBeUndefined();
    expect(items.map(({ json }) => json.language ?? 'failed')).toEqual(['l0', 'failed', 'l2']);
  });

  it('no ID in the JSON leads to another user', async () => {
    const users = await setting.newUsers(3);
    const json = JSON.stringify({ user_id: users[2]!.user_id, language: 'xx' });
    for (const count of [1, 2]) {
      const { error } = await setting.run(
        'updateUser',
        { userId: byId('={{ $json.id }}'), specifyFields: 'json', json },
        itemsOf(users.slice(0, count)),
      );
      expect(error!.message).toMatch(/^'JSON' must not have user_id/);
    }
    expect(await setting.tenant.get(users[2]!.user_id)).toEqual(users[2]);
  });

  it('a password goes by itself and once, when nobody says whether it was set', async () => {
    const users = await setting.newUsers(2);
    const fields = { credentials: { value: { password: 'correct horse battery' } } };
    for (const [operation, parameters] of [
      ['updateUser', { userId: byId('={{ $json.id }}'), fields }],
      ['createOrUpdateUser', { matchAgainst: 'email', valueToMatch: '={{ $json.email }}', fields }],
    ] as const) {
      setting.proxy.reset();
      setting.proxy.faults = (line) => (line.startsWith('PUT') ? { kind: 'reset', after: true } : undefined);
      const { items } = await setting.run(
        operation,
        parameters,
        users.map(({ user_id: id, email }) => ({ id, email: email!.value })),
        'continueRegularOutput',
      );
      expect(items.map(({ json }) => (json.details as { maybeDone?: boolean } | undefined)?.maybeDone)).toEqual([
        true,
        true,
      ]);
      const puts = setting.proxy.requests.filter((line) => line.startsWith('PUT'));
      expect(puts.sort()).toEqual(users.map(({ user_id }) => `PUT /cis/v1/users/${user_id}`).sort());
    }
  });

  it('nobody else is told as created after a fault', async () => {
    const email = freshEmail();
    setting.proxy.faults = (line, place) => (line.startsWith('POST') && place === 0 ? { kind: 'reset' } : undefined);
    // Somebody makes another user with the email meanwhile.
    const run = setting.run('createUser', { fields: { email, language: 'en' }, options: one });
    const other = await setting.tenant.create({ email, language: 'fr' });
    const { error, items } = await run;
    expect(items).toEqual([]);
    expect(error).toMatchObject({ httpCode: '409' });
    expect((await setting.tenant.get(other.user_id)).language).toBe('fr');
  });

  it('nobody who was there before is told as created after a fault', async () => {
    const there = await setting.newUser();
    await setting.tenant.send('PUT', `/cis/v1/users/${there.user_id}`, { language: 'en' });
    // As if it had been made long ago, by the node's clock.
    const emails = [there.email!.value, freshEmail(), freshEmail()];
    const clock = Date.now;
    Date.now = () => clock() + 60_000;
    try {
      let bulk = 0;
      setting.proxy.faults = (line) =>
        line.endsWith('/bulk') && (bulk += 1) === 1
          ? { kind: 'answer', status: 503, headers: { 'retry-after': '0' } }
          : undefined;
      const { items } = await setting.run(
        'createUser',
        { fields: { email: '={{ $json.email }}' } },
        [...emails, emails[2]!].map((email) => ({ email })),
        'continueRegularOutput',
      );
      expect(items.map(({ json }) => (json.details as { status?: number } | undefined)?.status ?? 'created')).toEqual([
        409,
        'created',
        'created',
        409,
      ]);
    } finally {
      Date.now = clock;
    }
  });

  it('an answer is one, also when it refuses', async () => {
    const cut = new Map<string, number>();
    const there = await setting.newUser();
    setting.proxy.faults = (line) => {
      if (!line.startsWith('DELETE')) return undefined;
      cut.set(line, (cut.get(line) ?? 0) + 1);
      return cut.get(line)! <= (line.includes(there.user_id) ? 2 : 1) ? { kind: 'reset' } : undefined;
    };
    const ids = ['none-1', 'none-2', 'none-3', there.user_id];
    const { items } = await setting.run(
      'deleteUser',
      { userId: byId('={{ $json.id }}'), options: { maxConcurrency: 1 } },
      ids.map((id) => ({ id })),
      'continueRegularOutput',
    );
    expect(items.at(-1)!.json).toMatchObject({ deleted: true });
  });

  it('nothing is written after a user was not found, unless the node continues', async () => {
    const users = await setting.newUsers(3);
    const emails = [users[0]!.email!.value, 'nobody@example.com', users[2]!.email!.value];
    const { error } = await setting.run(
      'updateUser',
      { userId: locator('email', '={{ $json.email }}'), fields: { language: 'en' } },
      emails.map((email) => ({ email })),
    );
    expect(error!.message).toBe('There is no such user [item 1; others done: 0]');
    expect(setting.proxy.apiRequests.some((line) => line.startsWith('PUT'))).toBe(false);
  });

  it('a wrong secret is tried once, however many items', async () => {
    const users = await setting.newUsers(5);
    setting.credential.data.clientSecret = `wrong-${Date.now()}`;
    const { items } = await setting.run(
      'updateUser',
      { ...updateEach, options: { ...one, maxConcurrency: 1 } },
      itemsOf(users),
      'continueRegularOutput',
    );
    expect(items).toHaveLength(5);
    expect(setting.proxy.requests.filter((line) => line === 'POST /oidc/token')).toHaveLength(1);
  });
});

// The last one: it ends the tokens of the others.
it('a token that was refused is not taken again', async () => {
  const user = await setting.newUser();
  await setting.output('updateUser', updateEach, itemsOf([user]));
  const KEYS = '/cis/v1/applications/signing-keys';
  const before = (await setting.tenant.send('GET', KEYS)).body as { kid: string }[];
  await setting.tenant.send('POST', KEYS, { name: 'next' });
  for (const { kid } of before) await setting.tenant.send('DELETE', `${KEYS}/${kid}`);
  await setting.output('updateUser', updateEach, itemsOf([user]));
});
