import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Bench } from '../harness.ts';
import { end, LOAD, USERS, type Peer } from './peer.ts';

/** Modifications that each connection makes in a round. */
const MODIFICATIONS = 1000;

/** OpenLDAP's slapd, as Debian has it: `mdb`, which flushes each change to disk. */
export async function openLdap({ directory }: Bench): Promise<Peer> {
  const place = path.join(directory, 'ldap');
  await mkdir(path.join(place, 'data'), { recursive: true });
  const config = path.join(place, 'slapd.conf');
  const uri = `ldapi://${encodeURIComponent(path.join(place, 'socket'))}`;
  await writeFile(
    config,
    `include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${place}/pid
database mdb
maxsize 1073741824
suffix "dc=example"
rootdn "cn=root,dc=example"
rootpw secret
directory ${place}/data
index uid eq
`,
  );
  const people = Array.from(
    { length: USERS },
    (_, n) =>
      `dn: uid=user${n},dc=example\nobjectClass: inetOrgPerson\nuid: user${n}\ncn: Ada Lovelace\nsn: Lovelace\nmail: user${n}@example.com\n`,
  );
  const ldif = path.join(place, 'people.ldif');
  await writeFile(
    ldif,
    ['dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n', ...people].join(
      '\n',
    ),
  );
  await promisify(execFile)('slapadd', ['-q', '-f', config, '-l', ldif]);
  const child = spawn('slapd', ['-d', '0', '-f', config, '-h', uri], { stdio: 'ignore' });
  while (!existsSync(path.join(place, 'socket'))) await delay(50);
  let serial = 0;
  return {
    name: 'OpenLDAP, ldapmodify',
    async measure() {
      const files = await Promise.all(
        Array.from({ length: LOAD.connections }, async (_, index) => {
          const changes = Array.from({ length: MODIFICATIONS }, () => {
            const user = Math.floor(Math.random() * USERS);
            return `dn: uid=user${user},dc=example\nchangetype: modify\nreplace: description\ndescription: n${(serial += 1)}\n`;
          });
          const file = path.join(place, `changes${index}.ldif`);
          await writeFile(file, changes.join('\n'));
          return file;
        }),
      );
      const began = performance.now();
      const modify = (file: string) =>
        promisify(execFile)('ldapmodify', ['-x', '-H', uri, '-D', 'cn=root,dc=example', '-w', 'secret', '-f', file], {
          maxBuffer: 2 ** 26,
        });
      await Promise.all(files.map(modify));
      return (LOAD.connections * MODIFICATIONS) / ((performance.now() - began) / 1000);
    },
    stop: () => end(child),
  };
}
