import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { secretFault, type ClientCredentials } from './applications/clientCredentials.ts';
import type { DeliveryOptions } from './delivery/sender.ts';
import type { Limits } from './limits/limits.ts';
import type { ManageOptions } from './manage/commands.ts';
import { StartError } from './startError.ts';
import type { TenantOptions } from './tenant.ts';

export const USAGE = `Usage: tenant [options]
       tenant import FILE [options]     users from a file, a JSON object a line
       tenant export [FILE] [options]   users to a file, or to standard output
       tenant dump FILE [options]       everything to a file, with hashes, keys and history
       tenant restore FILE [options]    everything from a dump, into a new database
       tenant tenants list|create NAME|delete TENANT_ID
       tenant applications list|create NAME|enable ID|disable ID|delete ID
       tenant clients list|create APPLICATION_ID NAME|rotate CLIENT_ID|delete CLIENT_ID

  From npm: npx @tessera-identity/tenant …; in the repository: npm run tenant -- …

  --port PORT   where to listen (TESSERA_PORT; 7070)
  --host HOST   on which address (TESSERA_HOST; 127.0.0.1, reached from this machine alone)
  --data DIR    where the embedded PostgreSQL keeps its data (TESSERA_DATA; .tessera)
  --help        this text

  --tenant ID   which tenant a command is about (the first one)

  For tenants, applications and clients, which work beside a tenant that runs on the same data:
  --json               the answer as JSON
  --management         the new application reaches the whole tenant
  --signup             a sign-in with the new application may create the user
  --redirect-uri URI   where the new application's or client's users may be sent; may be given more than once
  --keep SECONDS       for how long the secret that is rotated stays good beside the new one (0)

  DATABASE_URL              a PostgreSQL 15 or newer to use instead of the embedded one
  TESSERA_CLIENT_ID         credentials that an application must have; both or neither
  TESSERA_CLIENT_SECRET
  TESSERA_PUBLIC_URL        where clients reach this tenant (http://localhost:PORT)
  TESSERA_TRUSTED_PROXIES   proxies in front, whose X-Forwarded-For names the source: addresses or networks, with commas (none)
  TESSERA_PRIVATE_ADDRESSES
                            private networks that outgoing requests (identity providers, the SMS gateway) may reach (none)
  TESSERA_CONNECTIONS       the most database connections at once (four, and two more a core; at least 2)
  TESSERA_HISTORY_DAYS      how long the history of users, and of deletions, is kept (365)
  TESSERA_PASSWORD_DAYS     after how many days a password must be replaced (never)
  TESSERA_TEMPORARY_PASSWORD_HOURS
                            after how many hours a temporary one is good for nothing any more (never)

  TESSERA_SMTP_URL          smtp://USER:PASSWORD@HOST:PORT or smtps://…, for emails (they go to the log)
  TESSERA_MAIL_FROM         whom emails come from (Tessera <no-reply@localhost>)
  TESSERA_SMS_URL           takes each SMS by POST, as JSON (they go to the log)
  TESSERA_SMS_TOKEN         sent along to it as a bearer token
  TESSERA_LIMIT_CLIENT      sign-ins and messages that one client may ask for, as COUNT/SECONDS (6000/60)
  TESSERA_LIMIT_SOURCE      the same from one IP address (1000/60)
  TESSERA_LIMIT_ADDRESS     messages that may go to one address (10/600)
  TESSERA_LIMIT_FAILURES    wrong passwords for one name: as many lock it for as long (5/900)

  TESSERA_LOG_LEVEL         trace, debug, info, warn, error, fatal or silent (info)
`;

/** Every variable of the environment that is read. */
const SETTINGS = new Set(USAGE.match(/TESSERA_[A-Z_]+/g));

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** The subjects of the commands that manage a tenant. */
const MANAGED = ['tenants', 'applications', 'clients'];

/** The options of each command, besides `--data`. */
const OPTIONS: Record<string, string[]> = {
  '': ['port', 'host'],
  import: ['tenant'],
  export: ['tenant'],
  dump: [],
  restore: [],
  'tenants list': ['json'],
  'tenants create': ['json'],
  'tenants delete': ['json'],
  'applications list': ['tenant', 'json'],
  'applications create': ['tenant', 'json', 'management', 'signup', 'redirect-uri'],
  'applications enable': ['tenant', 'json'],
  'applications disable': ['tenant', 'json'],
  'applications delete': ['tenant', 'json'],
  'clients list': ['tenant', 'json'],
  'clients create': ['tenant', 'json', 'redirect-uri'],
  'clients rotate': ['tenant', 'json', 'keep'],
  'clients delete': ['tenant', 'json'],
};

/** What is to be done. */
export type Command =
  | { name: 'serve' }
  | { name: 'import' | 'dump' | 'restore'; file: string }
  | { name: 'export'; file: string | undefined }
  | ({ name: 'manage'; words: string[] } & Pick<
      ManageOptions,
      'tenant' | 'json' | 'management' | 'signup' | 'redirectUris' | 'keep'
    >);

/** What the command line and the environment ask for. */
export interface Config extends Omit<TenantOptions, 'log'> {
  command: Command;
  /** The tenant that the command is about; the first one unless told. */
  tenant?: string;
  logLevel: string;
  /** Variables that are called like settings, and are none. */
  unknownSettings: string[];
}

/**
 * Reads the command line, then the environment, then the defaults.
 * @param cwd what a relative data directory is relative to
 * @returns 'help' when that was asked for
 * @throws StartError naming the option or variable that is wrong
 */
export function readConfig(argv: string[], env: NodeJS.ProcessEnv, cwd: string): Config | 'help' {
  const { values: flags, positionals } = readFlags(argv);
  if (flags.help) return 'help';
  const logLevel = env.TESSERA_LOG_LEVEL || 'info';
  if (!LOG_LEVELS.includes(logLevel)) {
    throw new StartError(`TESSERA_LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}.`);
  }
  wantMeaning(positionals, flags);
  return {
    command: commandOf(positionals, flags, cwd),
    tenant: flags.tenant,
    port: number('--port (TESSERA_PORT)', flags.port ?? env.TESSERA_PORT, 7070, 0, 65_535),
    host: (flags.host ?? env.TESSERA_HOST) || '127.0.0.1',
    storage: storageOf(flags.data, env, cwd),
    connections: number('TESSERA_CONNECTIONS', env.TESSERA_CONNECTIONS, 4 + 2 * availableParallelism(), 2, 1000),
    historyDays: number('TESSERA_HISTORY_DAYS', env.TESSERA_HISTORY_DAYS, 365, 1, 36_500),
    passwordLifetimes: {
      days: maybeNumber('TESSERA_PASSWORD_DAYS', env, 36_500),
      temporaryHours: maybeNumber('TESSERA_TEMPORARY_PASSWORD_HOURS', env, 8760),
    },
    publicUrl: publicUrlOf(env),
    trustedProxies: networksOf('TESSERA_TRUSTED_PROXIES', env),
    privateAddresses: networksOf('TESSERA_PRIVATE_ADDRESSES', env),
    delivery: deliveryOf(env),
    limits: limitsOf(env),
    credentials: credentialsOf(env),
    logLevel,
    unknownSettings: Object.keys(env).filter((name) => name.startsWith('TESSERA_') && !SETTINGS.has(name)),
  };
}

function readFlags(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        port: { type: 'string' },
        host: { type: 'string' },
        data: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
        tenant: { type: 'string' },
        json: { type: 'boolean' },
        management: { type: 'boolean' },
        signup: { type: 'boolean' },
        'redirect-uri': { type: 'string', multiple: true },
        keep: { type: 'string' },
      },
    });
  } catch (error) {
    throw new StartError(`${(error as Error).message}\n\n${USAGE}`);
  }
}

/** @throws StartError for an option that means nothing to the command, or has no value */
function wantMeaning(words: string[], flags: ReturnType<typeof readFlags>['values']): void {
  const [name = '', action] = words;
  const command = MANAGED.includes(name) ? `${name} ${action}` : name;
  for (const [option, value] of Object.entries(flags)) {
    if (value === '') throw new StartError(`--${option} needs a value.`);
    // Of a command that there is not, that is what is to be told.
    if (option === 'data' || (OPTIONS[command] ?? [option]).includes(option)) continue;
    throw new StartError(`--${option} means nothing to ${command === '' ? 'a tenant that serves' : `"${command}"`}.`);
  }
}

function commandOf(words: string[], flags: ReturnType<typeof readFlags>['values'], cwd: string): Command {
  const [name, file, ...rest] = words;
  if (name !== undefined && MANAGED.includes(name)) {
    const { tenant, json = false, management = false, signup = false, 'redirect-uri': redirectUris = [] } = flags;
    const keep = number('--keep', flags.keep, 0, 0, 30 * 24 * 60 * 60);
    return { name: 'manage', words, tenant, json, management, signup, redirectUris, keep };
  }
  const target = file && path.resolve(cwd, file);
  if (rest.length > 0) throw new StartError(`There is one argument too many: ${rest[0]}\n\n${USAGE}`);
  if (name === undefined) return { name: 'serve' };
  if (name === 'export') return { name, file: target };
  if (name !== 'import' && name !== 'dump' && name !== 'restore') {
    throw new StartError(`There is no command "${name}".\n\n${USAGE}`);
  }
  if (!target) throw new StartError(`${name} needs the file to ${name === 'dump' ? 'write' : 'read'}.`);
  return { name, file: target };
}

function number(name: string, text: string | undefined, fallback: number, least: number, most: number): number {
  if (!text) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new StartError(`${name} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}

/** A number of 1 at least; undefined when it is not set. */
const maybeNumber = (name: string, env: NodeJS.ProcessEnv, most: number): number | undefined =>
  env[name] ? number(name, env[name], 0, 1, most) : undefined;

function storageOf(flag: string | undefined, env: NodeJS.ProcessEnv, cwd: string): TenantOptions['storage'] {
  const { DATABASE_URL: databaseUrl } = env;
  if (flag && databaseUrl)
    throw new StartError('--data is for the embedded PostgreSQL, but DATABASE_URL is set: give one of them.');
  if (!databaseUrl) return { directory: path.resolve(cwd, flag || env.TESSERA_DATA || '.tessera') };
  if (!/^postgres(ql)?:\/\//.test(databaseUrl))
    throw new StartError('DATABASE_URL must begin with postgres:// or postgresql://.');
  return { databaseUrl };
}

function publicUrlOf({ TESSERA_PUBLIC_URL: publicUrl }: NodeJS.ProcessEnv): string | undefined {
  if (!publicUrl) return undefined;
  if (!/^https?:\/\//.test(publicUrl) || !URL.canParse(publicUrl)) {
    throw new StartError('TESSERA_PUBLIC_URL must be an http or https URL.');
  }
  const { username, password, search, hash } = new URL(publicUrl);
  if (username || password || search || hash) {
    throw new StartError('TESSERA_PUBLIC_URL must have no user, password, query or fragment: clients are shown it.');
  }
  return publicUrl;
}

function networksOf(name: string, env: NodeJS.ProcessEnv): string[] {
  const networks = (env[name] ?? '').split(',').flatMap((one) => one.trim() || []);
  if (!networks.every(isNetwork)) {
    throw new StartError(`${name} must be IP addresses or networks, such as 10.0.0.0/8,fd00::1.`);
  }
  return networks;
}

/** An IP address, or a network of them (RFC 4632, 3.1; RFC 4291, 2.3). */
function isNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)]!;
  return most > 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most));
}

/** Plain whole numbers: a count, and the seconds that it is for. */
const LIMIT = /^([1-9]\d{0,8})\/([1-9]\d{0,6})$/;

function limitsOf(env: NodeJS.ProcessEnv): Partial<Limits> {
  const kinds = ['client', 'source', 'address', 'failures'] as const;
  return Object.fromEntries(
    kinds.flatMap((kind) => {
      const name = `TESSERA_LIMIT_${kind.toUpperCase()}`;
      const text = env[name];
      if (!text) return [];
      const [, count, seconds] = LIMIT.exec(text) ?? [];
      if (!count) throw new StartError(`${name} must be a count and seconds, such as 100/60.`);
      return [[kind, { count: Number(count), seconds: Number(seconds) }]];
    }),
  );
}

function deliveryOf(env: NodeJS.ProcessEnv): DeliveryOptions {
  const { TESSERA_SMTP_URL: smtpUrl, TESSERA_MAIL_FROM: mailFrom } = env;
  const { TESSERA_SMS_URL: smsUrl, TESSERA_SMS_TOKEN: smsToken } = env;
  if (smtpUrl && !(/^smtps?:\/\//.test(smtpUrl) && URL.canParse(smtpUrl))) {
    throw new StartError('TESSERA_SMTP_URL must be an smtp or smtps URL.');
  }
  if (smsUrl && !(/^https?:\/\//.test(smsUrl) && URL.canParse(smsUrl))) {
    throw new StartError('TESSERA_SMS_URL must be an http or https URL.');
  }
  for (const [part, whole] of [
    ['TESSERA_MAIL_FROM', 'TESSERA_SMTP_URL'],
    ['TESSERA_SMS_TOKEN', 'TESSERA_SMS_URL'],
  ] as const) {
    if (env[part] && !env[whole]) throw new StartError(`${part} goes with ${whole}, which is not set.`);
  }
  return {
    ...(smtpUrl && { smtpUrl }),
    ...(mailFrom && { mailFrom }),
    ...(smsUrl && { smsUrl }),
    ...(smsToken && { smsToken }),
  };
}

function credentialsOf(env: NodeJS.ProcessEnv): ClientCredentials | undefined {
  const { TESSERA_CLIENT_ID: clientId, TESSERA_CLIENT_SECRET: clientSecret } = env;
  if (!clientId && !clientSecret) return undefined;
  if (!clientId || !clientSecret) {
    throw new StartError('TESSERA_CLIENT_ID and TESSERA_CLIENT_SECRET go together: set both or neither.');
  }
  const fault = secretFault({ clientId, clientSecret });
  if (fault) throw new StartError(`TESSERA_CLIENT_SECRET ${fault}.`);
  return { clientId, clientSecret };
}
