import type { INode, INodeParameters, IDataObject } from 'n8n-workflow';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { ApiUser, CreateUserInput } from '@tessera/contract';
import { CREDENTIALS, freshEmail, startTestTenant, type TestTenant } from '../../packages/tenant/test/testTenant.ts';
import { OneCredential, type Run } from '../../playground/src/engine.ts';
import { FaultyProxy } from './faultyProxy.ts';
import { runTransmit } from './runTransmit.ts';

/** A tenant, a proxy in front of it, and the credential that leads there; the node is run against them. */
export class Setting {
  tenant!: TestTenant;
  proxy!: FaultyProxy;
  credential!: OneCredential;

  /** Sets it up for the tests of a file. */
  constructor() {
    beforeAll(async () => {
      this.tenant = await startTestTenant();
      this.proxy = await FaultyProxy.start(this.tenant.url);
    });
    afterAll(async () => {
      await this.proxy.close();
      await this.tenant.close();
    });
    beforeEach(() => {
      this.proxy.reset();
      this.credential = new OneCredential({ environment: 'custom', baseUrl: this.proxy.url, ...CREDENTIALS });
    });
  }

  /** Runs an operation on items. */
  run(
    operation: string,
    parameters: INodeParameters = {},
    input: IDataObject[] = [{}],
    onError: INode['onError'] = 'stopWorkflow',
    more: { typeVersion?: number; cancel?: AbortSignal; resource?: string } = {},
  ): Promise<Run> {
    const { resource = 'identityManagement', ...rest } = more;
    return runTransmit(this.credential, { resource, operation, ...parameters }, input, onError, rest);
  }

  /** Runs an operation that succeeds. @returns the JSON of its items */
  async output(
    operation: string,
    parameters: INodeParameters = {},
    input: IDataObject[] = [{}],
    resource?: string,
  ): Promise<IDataObject[]> {
    const { items, error } = await this.run(operation, parameters, input, 'stopWorkflow', resource ? { resource } : {});
    expect(error).toBeUndefined();
    return items.map(({ json }) => json);
  }

  newUser(input: CreateUserInput = {}): Promise<ApiUser> {
    return this.tenant.create({ email: freshEmail(), ...input });
  }

  newUsers(count: number): Promise<ApiUser[]> {
    return Promise.all(Array.from({ length: count }, () => this.newUser()));
  }
}

/** The value of a resource locator. */
export const locator = (mode: string, value: string) => ({ __rl: true, mode, value });
export const byId = (value: string) => locator('id', value);

/** The option that sends each item by itself. */
export const one = { manyAtOnce: false };
/** Items that name users by ID, and are counted. */
export const itemsOf = (users: { user_id: string }[]) => users.map(({ user_id }, n) => ({ id: user_id, n }));
/** The parameters that update each user of `itemsOf`. */
export const updateEach = { userId: byId('={{ $json.id }}'), fields: { language: '={{ "l" + $json.n }}' } };
