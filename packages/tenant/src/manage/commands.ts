import { formats } from '@tessera/contract';
import type { Logger } from 'pino';
import { makeTenant, type MadeCredentials } from '../access/firstStart.ts';
import { listClients } from '../applications/clientStore.ts';
import {
  createApplication,
  createClient,
  removeApplication,
  removeClients,
  rotateSecret,
  updateApplication,
} from '../applications/manage.ts';
import { firstClient, toApiApplication, toBasicApplication } from '../applications/rules/application.ts';
import { toApiClient } from '../applications/rules/client.ts';
import { findFirstTenant, listApplications, listTenants } from '../applications/store.ts';
import { inTransaction, type Database } from '../database/database.ts';
import type { StorageLocation } from '../database/server.ts';
import { openStorage } from '../database/storage.ts';
import { ApiError } from '../errors.ts';
import { StartError } from '../startError.ts';
import { deleteTenant } from './tenants.ts';
import { asTable } from './table.ts';

/** What the commands `tenants`, `applications` and `clients` are asked. */
export interface ManageOptions {
  storage: StorageLocation;
  log: Logger;
  /** The tenant; the first one unless told. */
  tenant?: string;
  /** Whether the answer is JSON. */
  json: boolean;
  management: boolean;
  redirectUris: string[];
  signup: boolean;
  /** For how many seconds a secret that is rotated stays good. */
  keep: number;
}

type Row = Record<string, unknown>;
type Action = (database: Database, options: ManageOptions, args: string[]) => Promise<Row | Row[]>;

/** A name as the API takes it. @throws StartError */
function wantName(name: string): string {
  if (name !== '' && [...name].length <= 255 && formats['plain-text'].test(name)) return name;
  throw new StartError('NAME must be one line of 1 to 255 characters.');
}

/** @throws StartError */
function assertRedirectUris(uris: string[]): void {
  const { test, reason } = formats['redirect-uri'];
  if (!uris.every(test)) throw new StartError(`--redirect-uri ${reason}.`);
}

/** What each command does, and the arguments that it takes. */
const ACTIONS: Record<string, { args: string[]; act: Action }> = {
  'tenants list': {
    args: [],
    act: async (database) =>
      (await listTenants(database)).map((tenant) => ({
        ...tenant,
        created_at: new Date(tenant.created_at).toISOString(),
      })),
  },
  'tenants create': {
    args: ['NAME'],
    act: (database, _options, [name]) =>
      inTransaction(database, async (connection) => {
        const { tenantId, made } = await makeTenant(connection, wantName(name!));
        return made.map((credentials: MadeCredentials) => ({
          tenant_id: tenantId,
          role: credentials.role,
          client_id: credentials.clientId,
          client_secret: credentials.clientSecret,
        }));
      }),
  },
  'tenants delete': {
    args: ['TENANT_ID'],
    act: async (database, _options, [tenantId]) => {
      if (tenantId === (await findFirstTenant(database))) {
        throw new StartError('The first tenant cannot be deleted: remove the data directory or the database instead.');
      }
      if (!(await deleteTenant(database, tenantId!))) throw new StartError('There is no such tenant.');
      return { deleted: tenantId };
    },
  },
  'applications list': {
    args: [],
    act: async (database, options) =>
      (await listApplications(database, await tenantOf(database, options))).map(toBasicApplication),
  },
  'applications create': {
    args: ['NAME'],
    act: async (database, options, [name]) => {
      const manager = { tenantId: await tenantOf(database, options), clientId: '' };
      const input = {
        app_name: wantName(name!),
        role: options.management ? ('management' as const) : ('ordinary' as const),
        redirect_uris: options.redirectUris,
        allow_public_signup: options.signup,
      };
      const first = firstClient(input);
      if ('faults' in first) throw new StartError(first.faults.join('; '));
      const { application, client, secret } = await createApplication(database, manager, input, first);
      const { app_id, app_name, role, client_id, client_secret } = toApiApplication(application, client, secret);
      return { app_id, app_name, role, client_id, client_secret };
    },
  },
  'applications enable': { args: ['APPLICATION_ID'], act: setEnabled(true) },
  'applications disable': { args: ['APPLICATION_ID'], act: setEnabled(false) },
  'applications delete': {
    args: ['APPLICATION_ID'],
    act: async (database, options, [appId]) => {
      await removeApplication(database, { tenantId: await tenantOf(database, options), clientId: '' }, appId!);
      return { deleted: appId };
    },
  },
  'clients list': {
    args: [],
    act: async (database, options) => {
      const clients = await listClients(database, await tenantOf(database, options));
      return clients.map(({ app_id, client_id, name, created_at }) => ({
        app_id,
        client_id,
        name,
        created_at: new Date(created_at).toISOString(),
      }));
    },
  },
  'clients create': {
    args: ['APPLICATION_ID', 'NAME'],
    act: async (database, options, [appId, name]) => {
      const manager = { tenantId: await tenantOf(database, options), clientId: '' };
      const input = { name: wantName(name!), redirect_uris: options.redirectUris };
      const { client, secret } = await createClient(database, manager, appId!, input);
      const { app_id, client_id, client_secret } = toApiClient(client, secret);
      return { app_id, name, client_id, client_secret };
    },
  },
  'clients rotate': {
    args: ['CLIENT_ID'],
    act: async (database, options, [clientId]) => {
      const { manager, appId } = await applicationOf(database, options, clientId!);
      const { client, secret } = await rotateSecret(database, manager, appId, clientId!, options.keep);
      const { previous_valid_until: until } = client;
      return {
        client_id: clientId,
        client_secret: secret,
        ...(until !== null && { previous_valid_until: new Date(until).toISOString() }),
      };
    },
  },
  'clients delete': {
    args: ['CLIENT_ID'],
    act: async (database, options, [clientId]) => {
      const { manager, appId } = await applicationOf(database, options, clientId!);
      await removeClients(database, manager, appId, clientId);
      return { deleted: clientId };
    },
  },
};

/**
 * Does one of these commands, beside a tenant that runs or without one, and prints what came of it.
 * @throws StartError in words for the operator
 */
export async function runManage(options: ManageOptions, [subject, verb, ...args]: string[]): Promise<void> {
  const action = ACTIONS[`${subject} ${verb}`];
  if (!action) {
    const verbs = Object.keys(ACTIONS).flatMap((command) => {
      const [of, name] = command.split(' ');
      return of === subject ? [name] : [];
    });
    throw new StartError(`${subject} needs one of ${verbs.join(', ')}.`);
  }
  if (args.length !== action.args.length) {
    throw new StartError(`Usage: tenant ${subject} ${verb} ${action.args.join(' ')}`.trim());
  }
  assertRedirectUris(options.redirectUris);
  const storage = await openStorage(options.storage, 2, options.log, { join: true });
  try {
    const answer = await action.act(storage.database, options, args);
    process.stdout.write(options.json ? `${JSON.stringify(answer, null, 2)}\n` : asTable(answer));
  } catch (error) {
    if (error instanceof ApiError && error.status < 500) throw new StartError(`${error.message}.`);
    throw error;
  } finally {
    await storage.close();
  }
}

function setEnabled(enabled: boolean): Action {
  return async (database, options, [appId]) => {
    const manager = { tenantId: await tenantOf(database, options), clientId: '' };
    const { application } = await updateApplication(database, manager, appId!, { enabled });
    return toBasicApplication(application);
  };
}

/** @throws StartError when there is no such tenant, or none at all */
async function tenantOf(database: Database, { tenant }: ManageOptions): Promise<string> {
  const tenants = await listTenants(database);
  if (tenants.length === 0) throw new StartError('There is no tenant yet: the first start makes one.');
  const found = tenant === undefined ? tenants[0] : tenants.find(({ tenant_id }) => tenant_id === tenant);
  if (!found) throw new StartError('There is no such tenant.');
  return found.tenant_id;
}

async function applicationOf(database: Database, options: ManageOptions, clientId: string) {
  const manager = { tenantId: await tenantOf(database, options), clientId: '' };
  const client = (await listClients(database, manager.tenantId)).find(({ client_id }) => client_id === clientId);
  if (!client) throw new StartError('There is no such client.');
  return { manager, appId: client.app_id };
}
