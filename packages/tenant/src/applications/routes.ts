import type { FastifyInstance } from 'fastify';
import { operations, type AccessTokenClaims } from '@tessera/contract';
import type { Database } from '../database/database.ts';
import { writerOf } from '../http/authentication.ts';
import { InvalidRequest } from '../http/requestErrors.ts';
import { route } from '../http/route.ts';
import type { ClientStates } from './clientStates.ts';
import { findClientOf, listClients } from './clientStore.ts';
import { ClientNotFound } from './errors.ts';
import { manages, wantOwn } from './ownApplication.ts';
import {
  createApplication,
  createClient,
  getApplication,
  removeApplication,
  removeClients,
  rotateSecret,
  updateApplication,
  updateClient,
} from './manage.ts';
import {
  firstClient,
  toApiApplication,
  toBasicApplication,
  toListedApplication,
  type Application,
} from './rules/application.ts';
import { clientFaults, toApiClient, updatedSettings } from './rules/client.ts';
import { listApplications } from './store.ts';

/** Applications and their clients. */
export function applicationRoutes(app: FastifyInstance, database: Database, states: ClientStates): void {
  route(app, operations.createApp, async ({ body, caller }) => {
    const first = firstClient(body);
    if ('faults' in first) throw new InvalidRequest(first.faults);
    const { application, client, secret } = await createApplication(database, writerOf(caller), body, first);
    return { result: toApiApplication(application, client, secret) };
  });

  route(app, operations.getAllApps, async ({ caller }) => {
    const clients = await listClients(database, caller.tid);
    const defaults = new Map(clients.map((client) => [client.client_id, client]));
    const applications = await visibleTo(database, caller);
    return {
      result: applications.map((application) =>
        toListedApplication(application, defaults.get(application.default_client_id ?? '')),
      ),
    };
  });

  route(app, operations.getAppsList, async ({ caller }) => ({
    result: (await visibleTo(database, caller)).map(toBasicApplication),
  }));

  route(app, operations.getAppById, async ({ params: { appId }, caller }) => {
    wantOwn(caller, appId);
    const { application, client } = await getApplication(database, caller.tid, appId);
    return { result: toApiApplication(application, client) };
  });

  route(app, operations.updateApp, async ({ params: { appId }, body, caller }) => {
    wantOwn(caller, appId);
    const { application, client } = await updateApplication(database, writerOf(caller), appId, body);
    states.forget();
    return { result: toApiApplication(application, client) };
  });

  route(app, operations.deleteApp, async ({ params: { appId }, caller }) => {
    await removeApplication(database, writerOf(caller), appId);
    states.forget();
    return undefined;
  });

  route(app, operations.updateResourcesInApp, async ({ params: { appId }, body, caller }) => {
    wantOwn(caller, appId);
    const update = { resources: body.resource_ids };
    const { application, client } = await updateApplication(database, writerOf(caller), appId, update);
    return { result: toApiApplication(application, client) };
  });

  route(app, operations.createAppClient, async ({ params: { appId }, body, caller }) => {
    wantOwn(caller, appId);
    const faults = clientFaults(body);
    if (faults.length > 0) throw new InvalidRequest(faults);
    const { client, secret } = await createClient(database, writerOf(caller), appId, body);
    return toApiClient(client, secret);
  });

  route(app, operations.getAppClients, async ({ params: { appId }, caller }) => {
    wantOwn(caller, appId);
    await getApplication(database, caller.tid, appId);
    return (await listClients(database, caller.tid, appId)).map((client) => toApiClient(client));
  });

  route(app, operations.getAppClientById, async ({ params: { appId, clientId }, caller }) => {
    wantOwn(caller, appId);
    const client = await findClientOf(database, caller.tid, appId, clientId);
    if (!client) throw new ClientNotFound();
    return toApiClient(client);
  });

  route(app, operations.updateAppClient, async ({ params: { appId, clientId }, body, caller }) => {
    wantOwn(caller, appId);
    const client = await updateClient(database, writerOf(caller), appId, clientId, (current) => ({
      ...current,
      name: body.name ?? current.name,
      settings: updatedSettings(current.settings, body),
    }));
    return toApiClient(client);
  });

  route(app, operations.updateAppClientResources, async ({ params: { appId, clientId }, body, caller }) => {
    wantOwn(caller, appId);
    const client = await updateClient(database, writerOf(caller), appId, clientId, (current) => ({
      ...current,
      settings: { ...current.settings, resources: body.resource_ids },
    }));
    return toApiClient(client);
  });

  route(app, operations.rotateClientSecret, async ({ params: { appId, clientId }, body, caller, reply }) => {
    wantOwn(caller, appId);
    const { previous_valid_for: grace = 0 } = body;
    const { client, secret } = await rotateSecret(database, writerOf(caller), appId, clientId, grace);
    void reply.header('cache-control', 'no-store');
    const { previous_valid_until: until } = client;
    return {
      client_id: clientId,
      client_secret: secret,
      ...(until !== null && { previous_valid_until: new Date(until).toISOString() }),
    };
  });

  route(app, operations.deleteAppClient, async ({ params: { appId, clientId }, caller }) => {
    wantOwn(caller, appId);
    await removeClients(database, writerOf(caller), appId, clientId);
    states.forget();
    return undefined;
  });

  route(app, operations.deleteAppClients, async ({ params: { appId }, caller }) => {
    wantOwn(caller, appId);
    await removeClients(database, writerOf(caller), appId);
    states.forget();
    return undefined;
  });
}

async function visibleTo(database: Database, caller: AccessTokenClaims): Promise<Application[]> {
  const applications = await listApplications(database, caller.tid);
  return manages(caller) ? applications : applications.filter(({ app_id }) => app_id === caller.app_id);
}
