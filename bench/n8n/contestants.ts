/** A node of an n8n workflow that updates the user of each item: `id` says whom, `language` is the new language. */
export interface Contestant {
  name: string;
  /** The node's type, version, parameters and other settings, for a tenant at a URL that a credential leads to. */
  node(url: string, token: string, credentialId: string): Record<string, unknown>;
}

const LANGUAGE = '={{ $json.language }}';

const transmit = (name: string, parameters: Record<string, unknown>): Contestant => ({
  name,
  node: (_url, _token, credentialId) => ({
    type: 'n8n-nodes-mosaic.transmit',
    typeVersion: 1.1,
    parameters: { resource: 'identityManagement', operation: 'updateUser', ...parameters },
    credentials: { mosaicApi: { id: credentialId, name: 'Mosaic account' } },
    onError: 'continueRegularOutput',
  }),
});

const expressions = {
  userId: { __rl: true, mode: 'id', value: '={{ $json.id }}' },
  fields: { language: LANGUAGE },
};

export const inBulk = transmit('Transmit, in bulk, expressions', expressions);
/** The same with expressions that are more than the name of a value. */
export const inBulkComputed = transmit('Transmit, in bulk, computed expressions', {
  userId: { __rl: true, mode: 'id', value: '={{ $json.id.trim() }}' },
  fields: { language: '={{ "r" + $json.round + "n" + $json.n }}' },
});
export const mapped = transmit('Transmit, in bulk, mapped', {
  specifyFields: 'columns',
  columns: { mappingMode: 'autoMapInputData', value: null, matchingColumns: ['user_id'] },
});
export const oneByOne = (maxConcurrency: number): Contestant =>
  transmit(`Transmit, a request a user, ${maxConcurrency} at once`, {
    ...expressions,
    options: { manyAtOnce: false, maxConcurrency },
  });

/**
 * n8n's own HTTP Request node.
 * @param batch how many requests at once, and the pause after them; without one, all at once
 */
export const httpRequest = (batch?: { batchSize: number; batchInterval: number }): Contestant => ({
  name: batch ? `HTTP Request, ${batch.batchSize} every ${batch.batchInterval} ms` : 'HTTP Request, all at once',
  node: (url, token) => ({
    type: 'n8n-nodes-base.httpRequest',
    typeVersion: 4.2,
    parameters: {
      method: 'PUT',
      url: `=${url}/cis/v1/users/{{ $json.id }}`,
      sendHeaders: true,
      headerParameters: { parameters: [{ name: 'authorization', value: `Bearer ${token}` }] },
      sendBody: true,
      specifyBody: 'json',
      jsonBody: '={{ JSON.stringify({ language: $json.language }) }}',
      options: batch ? { batching: { batch } } : {},
    },
    onError: 'continueRegularOutput',
  }),
});

/** A node without code, as n8n's makers recommend for APIs. Its package is written by `declarativePackage`. */
export const declarative: Contestant = {
  name: 'a declarative node',
  node: (url, token) => ({
    type: 'n8n-nodes-bench.declarative',
    typeVersion: 1,
    parameters: { url, token, id: '={{ $json.id }}', language: LANGUAGE },
    onError: 'continueRegularOutput',
  }),
};

/** The files of an n8n package with the declarative node. */
export const declarativePackage: Record<string, string> = {
  'package.json': JSON.stringify({
    name: 'n8n-nodes-bench',
    version: '1.0.0',
    keywords: ['n8n-community-node-package'],
    n8n: { n8nNodesApiVersion: 1, nodes: ['Declarative.node.js'], credentials: [] },
  }),
  'Declarative.node.js': `
    exports.Declarative = class {
      description = {
        displayName: 'Declarative', name: 'declarative', group: ['transform'], version: 1, description: '',
        defaults: { name: 'Declarative' }, inputs: ['main'], outputs: ['main'],
        requestDefaults: { baseURL: '={{ $parameter.url }}' },
        properties: [
          { displayName: 'URL', name: 'url', type: 'string', default: '' },
          { displayName: 'ID', name: 'id', type: 'string', default: '' },
          { displayName: 'Token', name: 'token', type: 'string', default: '', routing: {
            request: {
              method: 'PUT', url: '=/cis/v1/users/{{ $parameter.id }}',
              headers: { authorization: '=Bearer {{ $parameter.token }}' },
            },
          } },
          { displayName: 'Language', name: 'language', type: 'string', default: '', routing: {
            send: { type: 'body', property: 'language' },
          } },
        ],
      };
    };
  `,
};
