import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { freshEmail } from '../../packages/tenant/test/testTenant.ts';
import type { Fault } from './faultyProxy.ts';
import { byId, itemsOf, locator, one, Setting } from './setting.ts';

const setting = new Setting();
/** Updates each user of the items. */
const update = { userId: byId('={{ $json.id }}'), fields: { language: '={{ "l" + $json.n }}' } };

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
    { ...update, options: one },
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
    const updated = await setting.output('updateUser', { ...update, options: one }, itemsOf(users));
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
    const updated = await setting.output('updateUser', update, itemsOf(users));
    expect(updated.map(({ user_id }) => user_id)).toEqual(users.map(({ user_id }) => user_id));
    // What was done for the same user after it is done again after it.
    const [user] = users;
    setting.proxy.faults = (line) => (line.endsWith('/bulk') ? answered([busy, { user: user! }]) : undefined);
    await setting.output('updateUser', update, itemsOf([user!, user!]));
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

describe('the pool', () => {
  it.each([
    [undefined, 5],
    [3, 3],
    [1, 1],
  ])('has at most Max Concurrency under way (%s)', async (maxConcurrency, most) => {
    const users = await setting.newUsers(12);
    setting.proxy.faults = () => ({ kind: 'slow', ms: 30 });
    await setting.output(
      'updateUser',
      { ...update, options: { ...one, ...(maxConcurrency && { maxConcurrency }) } },
      itemsOf(users),
    );
    expect(setting.proxy.atOnce).toBe(most);
  });

  it('waits as a whole when the tenant says so', async () => {
    const users = await setting.newUsers(8);
    const times: number[] = [];
    setting.proxy.faults = (_line, place) => {
      if (place < 0) return undefined;
      times.push(Date.now());
      return place === 2 ? { kind: 'answer', status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    await setting.output('updateUser', { ...update, options: { ...one, maxConcurrency: 3 } }, itemsOf(users));
    // Those that were under way together came before; nobody came in the second after.
    const gaps = times.slice(1).map((time, place) => time - times[place]!);
    expect(Math.max(...gaps)).toBeGreaterThan(700);
    expect(times).toHaveLength(9);
  });

  it('waits for no longer than five minutes, and says so', async () => {
    const user = await setting.newUser();
    for (const [after, said] of [
      ['3600', '60'],
      [new Date(Date.now() + 3_600_000).toUTCString(), '60'],
    ] as const) {
      setting.proxy.reset();
      setting.proxy.faults = (_line, place) =>
        place >= 0 ? { kind: 'answer', status: 429, headers: { 'retry-after': after } } : undefined;
      const { error } = await setting.run('updateUser', { userId: byId(user.user_id), fields: { language: 'en' } });
      expect(error!.message).toContain(`(it says to try again in ${said} minutes)`);
      expect(setting.proxy.apiRequests).toHaveLength(1);
      const later = { ...update, options: { ...one, maxConcurrency: 2 } };
      const { items } = await setting.run(
        'updateUser',
        later,
        itemsOf(Array(20).fill(user) as never),
        'continueRegularOutput',
      );
      expect(items.filter(({ json }) => (json.details as { status?: number }).status === 429)).toHaveLength(20);
      // Those that were under way together, and nobody after them.
      expect(setting.proxy.apiRequests.length).toBeLessThanOrEqual(3);
    }
  });

  it('stops at the first failure, and tells how many were done', async () => {
    const users = await setting.newUsers(20);
    const input = itemsOf(users).map((item, n) => (n === 4 ? { ...item, id: 'nobody' } : item));
    // Those after it are under way when it fails.
    setting.proxy.faults = (_line, place) => (place > 4 ? { kind: 'slow', ms: 100 } : undefined);
    const { error, items } = await setting.run(
      'updateUser',
      { ...update, options: { ...one, maxConcurrency: 2 } },
      input,
    );
    expect(items).toEqual([]);
    expect(error!.message).toMatch(/^There is no such user \[item 4; others done: \d+\]$/);
    const done = Number(/others done: (\d+)/.exec(error!.message)![1]);
    const stored = await Promise.all(users.map(({ user_id }) => setting.tenant.get(user_id)));
    expect(stored.filter(({ language }) => language !== undefined)).toHaveLength(done);
    expect(done).toBeLessThan(8);
    // Nor is anything done that waited for what has failed.
    const [user, other] = await setting.newUsers(2);
    const taken = await setting.run(
      'updateUser',
      { userId: byId(user!.user_id), fields: { email: '={{ $json.email }}' }, options: one },
      [{ email: other!.email!.value }, { email: freshEmail() }],
    );
    expect(taken.error).toMatchObject({ httpCode: '409' });
    expect(await setting.tenant.get(user!.user_id)).toEqual(user);
  });

  it('ends when the execution is cancelled, and begins nothing after that', async () => {
    const users = await setting.newUsers(20);
    const cancel = new AbortController();
    setting.proxy.faults = (_line, place) => {
      if (place === 3) setTimeout(() => cancel.abort(), 20);
      return place > 3 ? { kind: 'slow', ms: 100 } : undefined;
    };
    await setting.run(
      'updateUser',
      { ...update, options: { ...one, maxConcurrency: 2 } },
      itemsOf(users),
      'stopWorkflow',
      {
        cancel: cancel.signal,
      },
    );
    // Those under way may still arrive; in this time, the others would.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(setting.proxy.apiRequests.length).toBeLessThan(10);
  });
});

describe('many at once', () => {
  it('goes in batches, each item with its own result, in order', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 999 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    const input = [
      ...itemsOf(users),
      { id: 'nobody', n: 1 },
      ...itemsOf(users.slice(0, 3)).map(({ id }) => ({ id, n: 5000 })),
    ];
    const { items, error, hints } = await setting.run('updateUser', update, input, 'continueRegularOutput');
    expect(error).toBeUndefined();
    expect(items.map(({ pairedItem }) => pairedItem)).toEqual(input.map((_, item) => ({ item })));
    for (const [n, { json }] of items.entries()) {
      if (n === 999)
        expect(json).toMatchObject({ id: 'nobody', error: 'There is no such user', details: { status: 404 } });
      else expect([json.user_id, json.language]).toEqual([input[n]!.id, `l${input[n]!.n}`]);
    }
    expect(setting.proxy.apiRequests).toEqual(Array.from({ length: 3 }, () => 'PUT /cis/v1/users/bulk'));
    expect(hints).toEqual(['1,002 updated, 1 refused']);
  });

  it('does what is for one user in order, also of several batches', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 500 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    let bulk = 0;
    setting.proxy.faults = (line) =>
      line.endsWith('/bulk') && (bulk += 1) === 1 ? { kind: 'slow', ms: 300 } : undefined;
    const input = [...itemsOf(users), { id: users[0]!.user_id, n: 500 }, { id: users[1]!.user_id, n: 501 }];
    await setting.run('updateUser', update, input, 'continueRegularOutput');
    expect(bulk).toBe(2);
    for (const n of [0, 1]) expect((await setting.tenant.get(users[n]!.user_id)).language).toBe(`l${n + 500}`);
  });

  it('begins no batch after a failure', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 1000 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    const input = itemsOf(users).map((item, n) => (n === 10 ? { ...item, id: 'nobody' } : item));
    const { error } = await setting.run('updateUser', update, input);
    expect(error!.message).toBe('There is no such user [item 10; others done: 499]');
    expect(setting.proxy.apiRequests).toHaveLength(1);
  });

  it('is not broken by rows that change nothing, and what is for one user stays in order', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 60 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] };
    const rows = users.map(({ user_id }, n) => ({ user_id, language: n % 2 ? '' : `l${n}` }));
    // The second row of a user shows what the first one has made of it.
    rows.push({ user_id: users[0]!.user_id, language: '' });
    const output = await setting.output('updateUser', { specifyFields: 'columns', columns }, rows);
    expect(output.map(({ language }) => language)).toEqual([
      ...users.map((_, n) => (n % 2 ? undefined : `l${n}`)),
      'l0',
    ]);
    expect(setting.proxy.apiRequests.filter((line) => line.endsWith('/bulk'))).toHaveLength(1);
  });

  it('has no more requests under way than Max Concurrency says', async () => {
    const made = await setting.tenant.send('POST', '/cis/v1/users/bulk', {
      users: Array.from({ length: 1000 }, () => ({ email: freshEmail() })),
    });
    const users = (made.body.result.items as { user: { user_id: string } }[]).map(({ user }) => user);
    setting.proxy.reset();
    await setting.run(
      'updateUser',
      { ...update, options: { maxConcurrency: 1 } },
      itemsOf(users),
      'continueErrorOutput',
    );
    expect(setting.proxy.apiRequests).toHaveLength(2);
    expect(setting.proxy.atOnce).toBe(1);
  });

  it('is not asked of the vendor’s cloud, nor when the option says no, nor for one item', async () => {
    const users = await setting.newUsers(2);
    await setting.output('updateUser', { ...update, options: one }, itemsOf(users));
    await setting.output('updateUser', update, itemsOf(users.slice(0, 1)));
    expect(setting.proxy.requests).not.toContain('GET /openapi.json');
    expect(setting.proxy.apiRequests.some((line) => line.endsWith('/bulk'))).toBe(false);
  });

  it('is done one by one where the tenant does not offer it', async () => {
    const users = await setting.newUsers(3);
    setting.proxy.faults = (line) =>
      line.endsWith('/openapi.json') ? { kind: 'answer', status: 404, body: 'no' } : undefined;
    const updated = await setting.output('updateUser', update, itemsOf(users));
    expect(updated.map(({ language }) => language)).toEqual(['l0', 'l1', 'l2']);
    expect(setting.proxy.apiRequests).toHaveLength(3);
  });

  it('finds users by their identifiers first', async () => {
    const users = await setting.newUsers(3);
    const updated = await setting.output(
      'updateUser',
      { ...update, userId: locator('email', '={{ $json.email }}') },
      users.map(({ email }, n) => ({ email: email!.value, n })),
    );
    expect(updated.map(({ user_id }) => user_id)).toEqual(users.map(({ user_id }) => user_id));
    expect(setting.proxy.apiRequests).toEqual([
      expect.stringMatching(/^GET \/cis\/v1\/users\?search=/),
      'PUT /cis/v1/users/bulk',
    ]);
  });

  it('creates or updates rows of which some are there, with two requests of each kind', async () => {
    const users = await setting.newUsers(3);
    const rows = Array.from({ length: 100 }, (_, n) => ({
      email: n < 3 ? users[n]!.email!.value.toUpperCase() : freshEmail(),
      language: `l${n}`,
    }));
    // Twice the same key: the second is an update.
    rows.push({ ...rows[50]!, language: 'again' });
    const columns = { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['email'] };
    const output = await setting.output('createOrUpdateUser', { specifyFields: 'columns', columns }, rows);
    expect(output.map(({ language }) => language)).toEqual(rows.map(({ language }) => language));
    expect(output.slice(0, 3).map(({ user_id }) => user_id)).toEqual(users.map(({ user_id }) => user_id));
    expect(output[100]!.user_id).toBe(output[50]!.user_id);
    expect(setting.proxy.apiRequests.filter((line) => line.endsWith('/bulk')).sort()).toEqual([
      'POST /cis/v1/users/bulk',
      'PUT /cis/v1/users/bulk',
    ]);
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
  await setting.output('updateUser', { ...update, options: one }, itemsOf(users));
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
        ...update,
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
      { ...update, options: { ...one, maxConcurrency: 1 } },
      itemsOf(users),
      'continueRegularOutput',
    );
    expect(items).toHaveLength(5);
    expect(setting.proxy.requests.filter((line) => line === 'POST /oidc/token')).toHaveLength(1);
  });
});
