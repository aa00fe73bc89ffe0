import { execFileSync, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { chmod, chown, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startTenant } from '../../src/index.ts';
import { pino } from 'pino';
import { startEmbeddedPostgres } from '../../src/postgres/embedded.ts';
import { copyOf, freshDirectory, serve } from '../tenantProcess.ts';
import { CREDENTIALS, freshEmail, getToken, makeClient } from '../testTenant.ts';

/** A data directory that a tenant has made and left in order. */
let made: string;
beforeAll(async () => {
  made = await mkdtemp(path.join(tmpdir(), 'tessera-made-'));
  const tenant = await startTenant({
    port: 0,
    host: '127.0.0.1',
    storage: { directory: made },
    connections: 2,
    credentials: CREDENTIALS,
    log: pino({ level: 'silent' }),
  });
  await tenant.close();
});
afterAll(() => rm(made, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));

describe('a data directory', () => {
  it('holds what was written, and the keys, from one start to the next', async () => {
    const directory = await freshDirectory();
    const first = serve(directory);
    const client = await makeClient(await first.ready);
    const user = await client.create({ email: freshEmail(), custom_data: { kept: true } });
    const token = await getToken(await first.ready);
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(0);

    const second = serve(directory);
    const url = await second.ready;
    expect(await (await makeClient(url)).get(user.user_id)).toEqual(user);
    // A token from before is still good.
    const answer = await fetch(`${url}/cis/v1/users/${user.user_id}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(answer.status).toBe(200);
  });

  it('refuses a second tenant in words, and the first one goes on', async () => {
    const directory = await copyOf(made);
    const first = serve(directory);
    const client = await makeClient(await first.ready);
    const second = serve(directory);
    expect(await second.ended).toBe(1);
    expect(second.stderr()).toMatch(/is in use by another tenant \(PostgreSQL process \d+\)/);
    expect((await client.create({ email: freshEmail() })).user_id).toBeDefined();
  });

  it.runIf(process.getuid?.() === 0)('serves an ordinary user, too', async ({ skip }) => {
    const nobody = 65534;
    const directory = await freshDirectory();
    await chown(directory, nobody, nobody);
    try {
      const options = { uid: nobody, gid: nobody, stdio: 'ignore' } as const;
      execFileSync(
        process.execPath,
        ['-e', `require('fs').readFileSync(${JSON.stringify(import.meta.filename)})`],
        options,
      );
    } catch {
      skip('this checkout lies where only root may enter');
    }
    const tenant = serve(path.join(directory, 'data'), {}, { uid: nobody, gid: nobody });
    const client = await makeClient(await tenant.ready);
    expect((await client.create({ email: freshEmail() })).status).toBe('Pending');
  });

  it.runIf(process.getuid?.() === 0)('may lie where only root may enter', async () => {
    const directory = await freshDirectory();
    await chmod(directory, 0o700);
    const tenant = serve(path.join(directory, 'deep/er'));
    const client = await makeClient(await tenant.ready);
    expect((await client.create({ email: freshEmail() })).status).toBe('Pending');
  });
});

describe('the embedded PostgreSQL', () => {
  it('means every write, and lets nobody else see the data', async () => {
    const directory = await copyOf(made);
    const postgres = await startEmbeddedPostgres(directory);
    onTestFinished(() => postgres.stop());
    const client = new pg.Client(postgres.connection);
    await client.connect();
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes']) {
      const { rows } = await client.query<Record<string, string>>(`show ${setting}`);
      expect(rows).toEqual([{ [setting]: 'on' }]);
    }
    await client.end();
    expect((await stat(path.join(directory, 'postgres'))).mode & 0o077).toBe(0);
    expect((await stat(postgres.connection.host)).mode & 0o077).toBe(0);
  });

  it.runIf(process.getuid?.() === 0)('refuses the user that it runs as itself', async ({ skip }) => {
    const postgres = await startEmbeddedPostgres(await copyOf(made));
    onTestFinished(() => postgres.stop());
    const { uid, gid } = await stat(postgres.connection.host);
    const script = `
      const pg = require(${JSON.stringify(createRequire(import.meta.url).resolve('pg'))});
      new pg.Client(${JSON.stringify(postgres.connection)}).connect().then(() => process.exit(9), (error) => {
        process.stdout.write(error.message);
        process.exit(0);
      });`;
    const { status, stdout } = spawnSync(process.execPath, ['-e', script], { uid, gid, encoding: 'utf8' });
    if (status === null || (status !== 0 && status !== 9)) skip('this checkout lies where only root may enter');
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.stringContaining('authentication failed') });
  });

  it('minds no environment that is for another PostgreSQL', async () => {
    const tenant = serve(await copyOf(made), { PGPORT: '1', PGSSLMODE: 'require', PGUSER: 'x', PGOPTIONS: '-c x=y' });
    const client = await makeClient(await tenant.ready);
    expect((await client.create({ email: freshEmail() })).status).toBe('Pending');
  });
});

describe('a tenant that is killed', () => {
  it('loses no acknowledged update, and takes its PostgreSQL with it', async () => {
    const directory = await copyOf(made);
    const first = serve(directory);
    const client = await makeClient(await first.ready);
    const users = await Promise.all(Array.from({ length: 16 }, () => client.create({ email: freshEmail() })));

    const acknowledged = new Map<string, number>();
    let enough: () => void;
    const midway = new Promise<void>((resolve) => (enough = resolve));
    const writers = users.map(async ({ user_id }) => {
      for (let n = 1; ; n += 1) {
        const answer = await client.update(user_id, { custom_data: { n } }).catch(() => undefined);
        if (answer?.status !== 200) return;
        acknowledged.set(user_id, n);
        if (users.every((user) => (acknowledged.get(user.user_id) ?? 0) >= 20)) enough();
      }
    });
    await midway;
    first.child.kill('SIGKILL');
    await Promise.all(writers);
    expect(await first.ended).toBe('SIGKILL');

    // It waits for the old PostgreSQL to wind down, which nobody asked to.
    const second = serve(directory);
    const again = await makeClient(await second.ready);
    for (const [userId, n] of acknowledged) {
      // One more may have been made whose answer never arrived.
      expect([n, n + 1]).toContain((await again.get(userId)).custom_data?.n);
    }
  });

  it('ends in words when its PostgreSQL dies', async () => {
    const directory = await copyOf(made);
    const tenant = serve(directory);
    await tenant.ready;
    const pid = Number((await readFile(path.join(directory, 'postgres/postmaster.pid'), 'utf8')).split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    expect(await tenant.ended).toBe(1);
    expect(tenant.stderr()).toContain('the embedded PostgreSQL ended');
  });
});
