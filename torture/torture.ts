import { parseArgs } from 'node:util';
import { Stage, type Attack } from './attack.ts';
import { complexity } from './attacks/complexity.ts';
import { frozen } from './attacks/frozen.ts';
import { fullDisk } from './attacks/fullDisk.ts';
import { fuzz } from './attacks/fuzz.ts';
import { killPostgres } from './attacks/killPostgres.ts';
import { killTenant } from './attacks/killTenant.ts';
import { largeAnswers } from './attacks/largeAnswers.ts';
import { outage } from './attacks/outage.ts';
import { slowBodies } from './attacks/slowBodies.ts';
import { stalledLog } from './attacks/stalledLog.ts';
import { terminate } from './attacks/terminate.ts';
import { Random } from './random.ts';
import { table, Tally } from './tally.ts';

/**
 * Attacks a tenant from outside, and counts what it must never do: see tally.ts for the columns.
 * Linux only, for it reads /proc.
 */
const ATTACKS: readonly Attack[] = [
  killTenant,
  killPostgres,
  terminate,
  outage,
  frozen,
  fullDisk,
  slowBodies,
  stalledLog,
  largeAnswers,
  complexity,
  fuzz,
];

const USAGE = `Usage: npm run torture -- [--small] [--only NAME[,NAME]] [--seed NUMBER]

  --small   small counts: under 3 minutes in all
  --only    some of ${ATTACKS.map(({ name }) => name).join(', ')}
  --seed    of the numbers drawn and the requests made up; printed by every run
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function readArguments() {
  const { values } = parseArgs({
    options: {
      small: { type: 'boolean', default: false },
      only: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    },
  });
  const names = values.only?.split(',');
  const unknown = names?.find((name) => !ATTACKS.some((attack) => attack.name === name));
  const seed = Number(values.seed);
  if (unknown !== undefined) throw new Error(`There is no attack "${unknown}".`);
  if (!Number.isInteger(seed)) throw new Error('--seed must be a whole number.');
  return { small: values.small, seed, attacks: ATTACKS.filter(({ name }) => names?.includes(name) ?? true) };
}

async function make(attack: Attack, seed: number, small: boolean): Promise<Tally> {
  const tally = new Tally(attack.name);
  const stage = new Stage(tally, new Random(seed), seed, small ? attack.small : attack.full);
  current = stage;
  const begun = Date.now();
  try {
    await attack.run(stage);
  } catch (error) {
    tally.add('other', `the attack broke off: ${(error as Error).message}`);
  }
  try {
    await stage.clear();
  } catch (error) {
    tally.add('other', `not everything could be taken down: ${(error as Error).message}`);
  }
  tally.seconds = (Date.now() - begun) / 1000;
  return tally;
}

let current: Stage | undefined;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    const leave = (): void => process.exit(130);
    void current?.clear().then(leave, leave);
  });
}

function parse(): ReturnType<typeof readArguments> | undefined {
  try {
    if (process.platform !== 'linux') throw new Error('The harness reads /proc, and so runs on Linux only.');
    return readArguments();
  } catch (error) {
    say(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

const asked = parse();
if (asked) {
  const { attacks, seed, small } = asked;
  say(`seed ${seed}`);
  const tallies: Tally[] = [];
  for (const attack of attacks) {
    say(`${attack.name} (${small ? attack.small : attack.full}) …`);
    const tally = await make(attack, seed, small);
    tallies.push(tally);
    if (tally.skipped) say(`  skipped: ${tally.skipped}`);
    for (const sentence of tally.sentences) say(`  ${sentence}`);
  }
  process.stdout.write(table(tallies));
  if (tallies.some(({ failed }) => failed)) process.exitCode = 1;
}
