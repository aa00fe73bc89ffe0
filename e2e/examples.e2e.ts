import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiUser } from '@tessera/contract';
import { freshEmail, startTestTenant, type TestTenant } from '../packages/tenant/test/testTenant.ts';
import type { RunnableWorkflow } from '../playground/src/engine.ts';
import type { N8n, Stored } from '../playground/src/n8n.ts';
import { makeN8n, mosaicAccount } from './testN8n.ts';

type Example = Stored & RunnableWorkflow;

let tenant: TestTenant;
let n8n: N8n;
let remove: () => Promise<void>;
beforeAll(async () => {
  tenant = await startTestTenant();
  ({ n8n, remove } = await makeN8n());
  await n8n.importCredential(mosaicAccount(tenant.url));
});
afterAll(async () => {
  await remove();
  await tenant.close();
});

/** An example as it is imported, with what a builder would fill in. */
async function example(
  file: string,
  fill: (node: (name: string) => RunnableWorkflow['nodes'][number]) => void = () => {},
) {
  const text = await readFile(path.resolve(import.meta.dirname, '../examples', file), 'utf8');
  const workflow = JSON.parse(text) as Example;
  fill((name) => workflow.nodes.find((node) => node.name === name)!);
  await n8n.importWorkflow(workflow);
  return workflow;
}

const findUser = async (email: string): Promise<ApiUser> =>
  (await tenant.send('GET', `/cis/v1/users/email/${email}`)).body.result as ApiUser;

it('nightly sync: ten thousand rows are created, then updated', async () => {
  await mkdir(n8n.files, { recursive: true });
  const file = path.join(n8n.files, 'users.csv');
  const write = (language: string) =>
    writeFile(
      file,
      ['email,language,name.first_name,row']
        .concat(Array.from({ length: 10_000 }, (_, n) => `sync-${n}@example.com,${language},N${n},${n}`))
        .concat('nobody,en,N,0')
        .join('\n'),
    );
  const { id } = await example('nightly-sync.json', (node) => {
    node('Read the file').parameters.fileSelector = file;
  });
  for (const language of ['en', 'sv']) {
    await write(language);
    const { items, status } = await n8n.execute(id);
    expect(status).toBe('success');
    const done = items['Create or update']!;
    expect(done).toHaveLength(10_000);
    expect(done.map(({ email }) => email)).toEqual(Array.from({ length: 10_000 }, (_, n) => `sync-${n}@example.com`));
    expect(items['What went wrong']).toEqual([{ email: 'nobody', reason: expect.stringMatching(/^email must be/) }]);
    expect(await findUser('sync-9999@example.com')).toMatchObject({ language, name: { first_name: 'N9999' } });
  }
  const { body } = await tenant.send('GET', '/cis/v1/users/count');
  expect(body.result.user_count).toBe(10_000);
});

it('nightly sync without a file fails', async () => {
  const { id } = await example('nightly-sync.json', (node) => {
    node('Read the file').parameters.fileSelector = path.join(n8n.files, 'none.csv');
  });
  await expect(n8n.execute(id)).rejects.toThrow('No file(s) found');
});

it('disable users who left', async () => {
  const [stays, left] = await Promise.all(
    [0, 1].map(() => tenant.create({ email: freshEmail(), external_account_id: 'staff' })),
  );
  const { id } = await example('disable-leavers.json', (node) => {
    const email = stays!.email!.value.toUpperCase();
    node('Who works here').parameters.jsCode = `return [{ json: { email: '${email}' } }];`;
  });
  const nameless = await tenant.create({ username: freshEmail(), external_account_id: 'staff' });
  const { items } = await n8n.execute(id);
  expect(items.Disable).toEqual([{ user_id: left!.user_id, email: left!.email, status: 'Disabled' }]);
  await example('disable-leavers.json', (node) => {
    node('Who works here').parameters.jsCode = 'return [];';
  });
  await expect(n8n.execute(id)).rejects.toThrow('nobody is disabled');
  for (const { user_id } of [stays!, nameless]) expect((await tenant.get(user_id)).status).not.toBe('Disabled');
});

it('clean-up with dry run and review', async () => {
  const user = await tenant.create({ email: freshEmail(), external_account_id: 'clean', language: 'en_GB' });
  const { id } = await example('clean-up-with-review.json');
  const dry = await n8n.execute(id);
  expect(dry.items['To review']).toEqual([{ user_id: user.user_id, old: 'en_GB', new: 'en-GB' }]);
  expect(await tenant.get(user.user_id)).toEqual(user);
  await example('clean-up-with-review.json', (node) => {
    const { assignments } = node('Reviewed').parameters.assignments as { assignments: { value: unknown }[] };
    assignments[0]!.value = true;
  });
  const { items } = await n8n.execute(id);
  expect(items['Change it']).toMatchObject([
    { language: 'en-GB', what_changed: [{ attribute: 'language', old: 'en_GB', new: 'en-GB' }] },
  ]);
});

describe('an AI agent', () => {
  let model: Server;
  const asked: string[] = [];
  const tools: { function: { name: string; parameters: { properties: object } } }[] = [];
  /** Plays the model: it says what comes next in the conversation. */
  let script: (results: string[]) => { name: string; arguments: object } | string = () => '';
  beforeAll(async () => {
    model = createServer((request, answer) => {
      void bytesOf(request).then((body) => {
        const {
          messages,
          tools: offered,
          stream,
        } = JSON.parse(body) as {
          messages: { role: string; content: string }[];
          tools: typeof tools;
          stream?: boolean;
        };
        tools.splice(0, Infinity, ...offered);
        asked.push(body);
        const next = script(messages.filter(({ role }) => role === 'tool').map(({ content }) => content));
        const message =
          typeof next === 'string'
            ? { role: 'assistant', content: next }
            : {
                role: 'assistant',
                content: null,
                tool_calls: [
                  {
                    index: 0,
                    id: `call${asked.length}`,
                    type: 'function',
                    function: { name: next.name, arguments: JSON.stringify(next.arguments) },
                  },
                ],
              };
        const whole = {
          id: 'x',
          created: 1,
          model: 'scripted',
          usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
        };
        const finish_reason = typeof next === 'string' ? 'stop' : 'tool_calls';
        if (stream) {
          answer.writeHead(200, { 'content-type': 'text/event-stream' });
          const chunk = {
            ...whole,
            object: 'chat.completion.chunk',
            choices: [{ index: 0, delta: message, finish_reason }],
          };
          answer.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
        } else {
          answer.writeHead(200, { 'content-type': 'application/json' });
          answer.end(
            JSON.stringify({ ...whole, object: 'chat.completion', choices: [{ index: 0, message, finish_reason }] }),
          );
        }
      });
    });
    await new Promise<void>((resolve) => model.listen(0, '127.0.0.1', resolve));
    await n8n.importCredential({
      id: 'tesseraModel',
      name: 'Model',
      type: 'openAiApi',
      data: { apiKey: 'scripted', url: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1` },
    });
  });
  afterAll(() => new Promise((resolve) => model.close(resolve)));

  it('finds a user and changes what it may, through the node, and nothing else', async () => {
    const user = await tenant.create({ email: 'ada@example.com' });
    const nameOf = (part: string) => tools.find(({ function: { name } }) => name.includes(part))!.function.name;
    script = (results) => {
      if (results.length === 0) return { name: nameOf('Get'), arguments: { email: 'ada@example.com' } };
      const changes = results.length === 1 ? { status: 'Disabled' } : { language: 'it', address: { city: 'Rome' } };
      if (results.length < 3) return { name: nameOf('Change'), arguments: { user_id: user.user_id, changes } };
      return 'Done.';
    };
    const { id } = await example('ai-agent.json');
    const { items, status, error } = await n8n.execute(id);
    expect({ status, error }).toEqual({ status: 'success', error: undefined });
    expect(items.Agent).toEqual([{ output: 'Done.' }]);
    expect(await tenant.get(user.user_id)).toMatchObject({
      language: 'it',
      address: { city: 'Rome' },
      status: user.status,
    });
    // The agent is told what it may not do.
    expect(asked.at(-2)).toContain('may not be sent');
    expect(asked.at(-1)).toContain(user.user_id);
  });
});

it('webhook to profile update', async () => {
  const user = await tenant.create({ email: freshEmail() });
  const key = { id: 'tesseraWebhookKey', name: 'Key of the webhook', type: 'httpHeaderAuth' };
  await n8n.importCredential({ ...key, data: { name: 'x-key', value: 'the-webhook-key' } });
  const { id } = await example('webhook-to-profile.json');
  await n8n.publish(id);
  await n8n.start();
  const call = async (body: object, sent: Record<string, string> = { 'x-key': 'the-webhook-key' }) => {
    const answer = await fetch(`${n8n.url}/webhook/profile-changed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...sent },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: /^[{[]/.test(text) ? (JSON.parse(text) as unknown) : text };
  };
  // n8n is ready a little before its webhooks are.
  await expect.poll(async () => (await call({})).body, { timeout: 60_000 }).not.toMatchObject({ code: 404 });
  expect(await call({ email: user.email!.value, changes: { language: 'it' } })).toEqual({
    status: 200,
    body: { changed: [{ attribute: 'language', old: null, new: 'it' }] },
  });
  expect((await call({ email: user.email!.value, changes: { language: 'fr' } }, {})).status).toBe(403);
  expect(await call({ email: user.email!.value, changes: { status: 'Disabled' } })).toMatchObject({
    status: 400,
    body: { error: expect.stringMatching(/may not be sent/) },
  });
  expect(await call({ email: 'nobody@example.com', changes: { language: 'it' } })).toMatchObject({ status: 404 });
  expect(await tenant.get(user.user_id)).toMatchObject({ language: 'it', status: user.status });
});

async function bytesOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
