import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from '@tessera/contract';

/** The OpenAPI document and a page to read it on, which needs nothing from the internet. */
export async function docsRoutes(app: FastifyInstance, publicUrl: string, version: string): Promise<void> {
  const document = openApiDocument(publicUrl, version);
  app.get('/openapi.json', () => document);
  await app.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      content: document,
      withDefaultFonts: false,
      telemetry: false,
      agent: { disabled: true },
      pageTitle: 'Tessera tenant',
    },
  });
}
