import { createServer } from 'node:http';
import process from 'node:process';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { admin } from 'better-auth/plugins';
import pg from 'pg';

/**
 * Better Auth with its admin plugin on PostgreSQL, as its documentation advises for speed: sessions in a signed cookie, and no
 * rate limit. Prints the address, the administrator's cookie and the IDs of users, as JSON.
 */
const USERS = Number(process.argv[2]);
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 8 });
const port = 7099;
const url = `http://127.0.0.1:${port}`;
const auth = betterAuth({
  database: pool,
  baseURL: url,
  secret: 'a secret of the bench that nobody needs to know',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  session: { cookieCache: { enabled: true, maxAge: 3600 } },
  plugins: [admin()],
  telemetry: { enabled: false },
});
await (await getMigrations(auth.options)).runMigrations();
createServer(toNodeHandler(auth)).listen(port, '127.0.0.1');

const post = (path, body, cookie) =>
  fetch(`${url}/api/auth${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...(cookie && { cookie }) },
    body: JSON.stringify(body),
  });
const root = { email: 'root@example.com', password: 'the analytical engine' };
await post('/sign-up/email', { ...root, name: 'Root' });
await pool.query(`update "user" set role = 'admin' where email = $1`, [root.email]);
const signedIn = await post('/sign-in/email', root);
const cookie = signedIn.headers
  .getSetCookie()
  .map((one) => one.split(';')[0])
  .join('; ');
await pool.query(
  `insert into "user" (id, name, email, "emailVerified", "createdAt", "updatedAt", role)
    select 'user-' || n, 'Ada Lovelace', 'user' || n || '@example.com', false, now(), now(), 'user' from generate_series(1, $1::int) n`,
  [USERS],
);
await pool.query('vacuum analyze "user"');
const ids = Array.from({ length: USERS }, (_, index) => `user-${index + 1}`);
process.stdout.write(`${JSON.stringify({ url, cookie, ids })}\n`);
