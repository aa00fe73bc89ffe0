import pg from 'pg';
import { createUsers, load, median, pgbench, say, startBench, type Load } from './harness.ts';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DOCS, machine, table, tell } from './page.ts';
import { picture } from './picture.ts';

/**
 * What the commonest requests cost: a second, how long each waits, and the CPU time that the tenant and PostgreSQL take for
 * one; beside pgbench's prepared update of one row that is as wide, on the same PostgreSQL, with and without a history. All
 * of it in turn in each round; the medians of the rounds count. With `--write`, the table goes into docs/performance.md.
 */
const USERS = 10_000;
const CONNECTIONS = 32;
/** Plain updates of so many are measured as well. */
const MANY_CONNECTIONS = 256;
const ROUNDS = 3;
const SECONDS = 5;
/** What the project promises. */
const LEAST_OF_PLAIN = 0.4;
const LEAST_OF_PGBENCH = 0.25;

/** Bodies of Lua's `request`, by what they ask. */
const REQUESTS = {
  'nothing (`/healthz`)': 'return wrk.format("GET", "/healthz")',
  'update of plain attributes':
    'return wrk.format("PUT", "/cis/v1/users/" .. id, nil, string.format([[{"custom_data":{"n":%.0f}}]], n))',
  'update of a username':
    'return wrk.format("PUT", "/cis/v1/users/" .. id, nil, string.format([[{"username":"u%.0f"}]], n))',
  'update of an email':
    'return wrk.format("PUT", "/cis/v1/users/" .. ids[math.random(#ids / 2)], nil, string.format([[{"email":"e%.0f@example.com"}]], n))',
  // Of those whose email stays as it was.
  'verify an email': `local other = #ids / 2 + math.random(#ids / 2)
    return wrk.format("POST", string.format("/cis/v1/users/%s/emails/user%.0f@example.com/verify", ids[other], other), nil, "{}")`,
  create: 'return wrk.format("POST", "/cis/v1/users", nil, string.format([[{"email":"n%.0f@example.com"}]], n))',
  'get by ID': 'return wrk.format("GET", "/cis/v1/users/" .. id)',
  'get by external user ID': `return wrk.format("GET", "/cis/v1/users/identifier?identifier_name=externalUserId&identifier_value=x" .. math.random(${USERS}))`,
};
/** Each can be made once for a user: of so many, who are created for it in each round, one after the other. */
const ONCE_REQUESTS = {
  'remove a secondary email': `k = (k or 0) + 1
    return wrk.format("DELETE", string.format("/cis/v1/users/%s/emails/second%.0f-ROUND@example.com", ids[k], k))`,
  delete: 'k = (k or 0) + 1 return wrk.format("DELETE", "/cis/v1/manage/users/" .. ids[k])',
};
const ONCE_USERS = 30_000;
const ONCE_SECONDS = 2;
const PLAIN = 'update of plain attributes';
const PLAIN_OF_MANY = `the same, ${MANY_CONNECTIONS} connections`;
type Name = keyof typeof REQUESTS | keyof typeof ONCE_REQUESTS | typeof PLAIN_OF_MANY;
/** CPU time before changes shared a statement (revision 92f9535), measured with this harness: microseconds. */
const BEFORE = {
  [PLAIN]: { tenant: 122, postgres: 127 },
  'update of a username': { tenant: 588, postgres: 519 },
};

interface Cost extends Load {
  tenant: number;
  postgres: number;
}

const bench = await startBench();
try {
  say(`Creating ${USERS} users …`);
  const ids = await createUsers(bench, USERS);
  // Found by an identifier that no other request here changes.
  for (let start = 0; start < USERS; start += 500) {
    const updates = ids.slice(start, start + 500).map((user_id, index) => ({
      user_id,
      external_user_id: `x${start + index + 1}`,
    }));
    const answer = await fetch(`${bench.url}/cis/v1/users/bulk`, {
      method: 'PUT',
      headers: bench.headers,
      body: JSON.stringify({ updates }),
    });
    await answer.arrayBuffer();
  }
  await makeReferences();
  const settings = { connections: CONNECTIONS, seconds: SECONDS };
  const costs = new Map<Name, Cost[]>();
  const references: { plain: number; history: number }[] = [];
  const idle = bench.memory();
  const measure = async (
    name: Name,
    request: string,
    of: { ids: string[]; seconds: number; connections?: number },
  ): Promise<void> => {
    const before = bench.cpu();
    const shown = await load(bench, request, { ...settings, ...of });
    const after = bench.cpu();
    const requests = shown.rate * of.seconds;
    const cost = {
      ...shown,
      tenant: (after.tenant - before.tenant) / requests,
      postgres: (after.postgres - before.postgres) / requests,
    };
    costs.set(name, [...(costs.get(name) ?? []), cost]);
    say(
      `${name.padEnd(28)} ${cost.rate.toFixed(0).padStart(6)}/s, p50 ${cost.p50.toFixed(1)} ms, p99 ${cost.p99.toFixed(1)} ms, ` +
        `CPU ${cost.tenant.toFixed(0)} µs tenant, ${cost.postgres.toFixed(0)} µs PostgreSQL`,
    );
  };
  for (let round = 1; round <= ROUNDS; round += 1) {
    say(`Round ${round}`);
    for (const [name, request] of Object.entries(REQUESTS) as [Name, string][]) {
      await load(bench, request, { ...settings, seconds: 1, ids });
      await measure(name, request, { ids, seconds: SECONDS });
      if (name !== PLAIN) continue;
      await measure(PLAIN_OF_MANY, request, { ids, seconds: SECONDS, connections: MANY_CONNECTIONS });
    }
    const once = await createUsers(bench, ONCE_USERS, (n) => ({
      username: `once-${round}-${n}`,
      // Those that are left over keep theirs.
      secondary_emails: [`second${n}-${round}@example.com`],
    }));
    for (const [name, request] of Object.entries(ONCE_REQUESTS) as [Name, string][]) {
      await measure(name, request.replace('ROUND', String(round)), { ids: once, seconds: ONCE_SECONDS });
    }
    references.push({
      plain: await pgbench(bench, reference(false), settings),
      history: await pgbench(bench, reference(true), settings),
    });
    say(`pgbench ${JSON.stringify(references.at(-1))}`);
  }
  const middle = (values: Cost[]): Cost => ({
    rate: median(values.map(({ rate }) => rate)),
    p50: median(values.map(({ p50 }) => p50)),
    p99: median(values.map(({ p99 }) => p99)),
    tenant: median(values.map(({ tenant }) => tenant)),
    postgres: median(values.map(({ postgres }) => postgres)),
  });
  const found = [...costs].map(([name, values]) => [name, middle(values)] as const);
  const plain = middle(costs.get(PLAIN)!);
  const costRows = found.map(([name, { rate, p50, p99, tenant, postgres }]) => [
    name,
    String(Math.round(rate / 10) * 10),
    (rate / plain.rate).toFixed(2),
    `${p50.toFixed(1)} ms`,
    `${p99.toFixed(1)} ms`,
    `${tenant.toFixed(0)} µs`,
    `${postgres.toFixed(0)} µs`,
  ]);
  const plainOfMany = middle(costs.get(PLAIN_OF_MANY)!);
  const referenceRows = (['plain', 'history'] as const).map((kind) => {
    const rate = median(references.map((one) => one[kind]));
    const name = kind === 'plain' ? 'one row as wide' : 'one row as wide, and a row of history';
    const ratios = [plain, plainOfMany].map((update) => (update.rate / rate).toFixed(2));
    return [name, String(Math.round(rate / 10) * 10), ...ratios];
  });
  await tell(
    'requests',
    `${machine()}; ${USERS} users, ${CONNECTIONS} connections of wrk on the same machine, medians of ${ROUNDS} rounds of ${SECONDS} s. ` +
      `The tenant holds ${idle.toFixed(0)} MB before the load and ${bench.memory().toFixed(0)} MB after it.\n\n` +
      table(['Request', 'a second', 'of a plain update', 'p50', 'p99', 'CPU, tenant', 'CPU, PostgreSQL'], costRows) +
      '\n\n' +
      table(
        [`pgbench, prepared, ${CONNECTIONS} connections`, 'a second', 'a plain update is so much of it', PLAIN_OF_MANY],
        referenceRows,
      ),
  );
  const worst = Math.min(
    ...found
      .filter(([name]) => /update|verify|create|remove|delete/.test(name))
      .map(([, { rate }]) => rate / plain.rate),
  );
  const toPgbench = plain.rate / median(references.map((one) => one.plain));
  if (worst < LEAST_OF_PLAIN || toPgbench < LEAST_OF_PGBENCH) process.exitCode = 1;
  if (process.argv.includes('--write')) {
    const bars = ([PLAIN, 'update of a username'] as const).flatMap((name) => [
      { title: `${name}, before`, ...BEFORE[name] },
      { title: 'now', ...middle(costs.get(name)!) },
    ]);
    await writeFile(path.join(DOCS, 'performance.svg'), picture(bars));
  }
} finally {
  await bench.stop();
}

/** A table of rows as wide as users are, with their indexes, and one of a history. */
async function makeReferences(): Promise<void> {
  const client = new pg.Client(bench.postgres);
  await client.connect();
  await client.query('create table bench_users (like users including all, id int unique) with (fillfactor = 80)');
  await client.query('insert into bench_users select *, row_number() over () from users');
  await client.query('create table bench_history (like user_history including all)');
  await client.query('vacuum analyze bench_users');
  await client.end();
}

function reference(history: boolean): string {
  const update =
    `update bench_users set version = version + 1, updated_at = :n::bigint, custom_data = jsonb_build_object('n', :n::bigint)
    where id = :id returning tenant_id, user_id, version`.replaceAll(/\s+/g, ' ');
  const entry = `with changed as (${update}) insert into bench_history
    select tenant_id, user_id, version, :n::bigint, 'bench', '{"custom_data":{"n":1}}', '{"custom_data":{"n":2}}' from changed`;
  return `\\set id random(1, ${USERS})\n\\set n random(1, 1000000000)\n${(history ? entry : update).replaceAll(/\s+/g, ' ')};\n`;
}
