import { startTenant } from '/work/main/packages/tenant/src/tenant.ts';
import { makeLog } from '/work/main/packages/tenant/src/log.ts';
import { N8n } from '/work/main/playground/src/n8n.ts';
import { inBulk, mapped } from '/work/main/bench/n8n/contestants.ts';
import { spawnSync } from 'node:child_process';
const cred = { clientId: 'bench', clientSecret: 'bench-secret-0123456789' };
import fs from 'node:fs';
fs.rmSync('/tmp/pn', { recursive: true, force: true });
const t = await startTenant({ port: 7171, host: '127.0.0.1', storage: { directory: '/tmp/pn/t' }, connections: 16, credentials: cred, log: makeLog('warn') });
const url = 'http://127.0.0.1:7171';
const token = ((await (await fetch(url + '/oidc/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'client_credentials', client_id: cred.clientId, client_secret: cred.clientSecret }) })).json()) as any).access_token;
const ids: string[] = [];
for (let b = 0; b < 2; b++) { const r = await (await fetch(url + '/cis/v1/users/bulk', { method: 'POST', headers: { authorization: 'Bearer ' + token, 'content-type': 'application/json' }, body: JSON.stringify({ users: Array.from({ length: 1000 }, (_, n) => ({ email: `p${b}-${n}@example.com` })) }) })).json() as any; ids.push(...r.result.items.map((i: any) => i.user.user_id)); }
const n8n = new N8n('/tmp/pn/n8n', 5699); await n8n.addTransmitNode();
await n8n.importCredential({ id: 'bench', name: 'Mosaic account', type: 'mosaicApi', data: { environment: 'custom', baseUrl: url, ...cred } });
for (const [k, c] of Object.entries({ bulk: inBulk })) {
  await n8n.importWorkflow({ id: k, name: k, active: false, nodes: [
    { id: 'a', name: 'Start', position: [0, 0], type: 'n8n-nodes-base.manualTrigger', typeVersion: 1, parameters: {} },
    { id: 'b', name: 'Items', position: [0, 0], type: 'n8n-nodes-base.code', typeVersion: 2, parameters: { jsCode: `return ${JSON.stringify(ids)}.map((id, n) => ({ json: { id, user_id: id, n, round: 1, language: 'r1n' + n } }));` } },
    { id: 'c', name: 'Update', position: [0, 0], ...c.node(url, token, 'bench') }],
    connections: { Start: { main: [[{ node: 'Items', type: 'main', index: 0 }]] }, Items: { main: [[{ node: 'Update', type: 'main', index: 0 }]] } }, settings: { executionOrder: 'v1' } } as any);
  const r = await n8n.execute(k); console.log(k, r.took);
  const p = spawnSync(process.execPath, ['--cpu-prof', '--cpu-prof-dir=/tmp/pn/prof-' + k, '/work/main/playground/node_modules/n8n/bin/n8n', 'execute', '--id=' + k], { stdio: 'ignore', timeout: 60000, env: { ...process.env, N8N_USER_FOLDER: '/tmp/pn/n8n', N8N_PORT: '5699', N8N_RUNNERS_BROKER_PORT: '5698', N8N_DIAGNOSTICS_ENABLED: 'false' } });
  console.log(p.status);
}
await t.close();
for (const k of ['bulk']) for (const f of fs.readdirSync('/tmp/pn/prof-' + k)) {
  const p = JSON.parse(fs.readFileSync(`/tmp/pn/prof-${k}/${f}`, 'utf8')); const byId = new Map<any, any>(p.nodes.map((n: any) => [n.id, n])); const parent = new Map<any, any>(); for (const n of p.nodes) for (const c of n.children ?? []) parent.set(c, n);
  const self: any = {}; const tot: any = {};
  p.samples.forEach((s: any, i: number) => { let n = byId.get(s); const key = (n: any) => n.callFrame.functionName + ' ' + n.callFrame.url.split('/').slice(-3).join('/') + ':' + n.callFrame.lineNumber; self[key(n)] = (self[key(n)] ?? 0) + p.timeDeltas[i]; const seen = new Set(); for (let m = n; m; m = parent.get(m.id)) { const q = key(m); if (!seen.has(q)) { seen.add(q); tot[q] = (tot[q] ?? 0) + p.timeDeltas[i]; } } });
  console.log('==', k, f);
  for (const [w, o] of [['self', self], ['total', tot]] as const) { console.log(w); for (const [q, v] of Object.entries(o).filter(([q]) => w === 'self' || /Transmit|expression|workflow-data|credential|runner|evaluate|request|axios/i.test(q)).sort((a: any, b: any) => b[1] - a[1]).slice(0, w === 'self' ? 22 : 40) as any) console.log((v / 1000).toFixed(0), q); }
}
