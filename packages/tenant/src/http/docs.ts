import { fastify, type FastifyInstance } from 'fastify';
import { openApiDocument } from '@tessera/contract';
import { errorTable } from '../errors.ts';

/** The OpenAPI document and a page to read it on, which needs nothing from the internet. */
export function docsRoutes(app: FastifyInstance, publicUrl: string, version: string): void {
  const document = openApiDocument(publicUrl, version, errorTable());
  app.get('/openapi.json', () => document);
  app.get('/', (_request, reply) => reply.redirect('/docs'));

  // The page's library has 4 MB and takes a fifth of a start, so it is loaded for the first reader.
  let page: Promise<FastifyInstance> | undefined;
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, async (request, reply) => {
      page ??= makePage(document);
      // What failed is tried again for the next reader.
      page.catch(() => (page = undefined));
      const { routing } = await page;
      reply.hijack();
      routing(request.raw, reply.raw);
    });
  }
}

async function makePage(document: Record<string, unknown>): Promise<FastifyInstance> {
  const { default: scalar } = await import('@scalar/fastify-api-reference');
  const page = fastify({ routerOptions: { ignoreTrailingSlash: false } });
  await page.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      content: document,
      withDefaultFonts: false,
      telemetry: false,
      // Its made-up requests are not to be pasted; the document's own lines are.
      hiddenClients: true,
      // Nor the viewer's toolbar, its ways to other products, and its name.
      showDeveloperTools: 'never',
      hideClientButton: true,
      agent: { disabled: true },
      mcp: { disabled: true },
      customCss: 'a[href*="scalar.com"] { display: none !important; }',
      pageTitle: 'Tessera tenant',
    },
  });
  await page.ready();
  return page;
}
