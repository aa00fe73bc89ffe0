import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { fastify, type FastifyInstance } from 'fastify';
import { openApiDocument } from '@tessera/contract';
import { errorTable } from '../errors.ts';
import { RouteNotFound } from './requestErrors.ts';

/** The OpenAPI document and a page to read it on, which needs nothing from the internet. */
export function docsRoutes(app: FastifyInstance, publicUrl: string, version: string): void {
  const document = openApiDocument(publicUrl, version, errorTable());
  app.get('/openapi.json', () => document);
  app.get('/', (_request, reply) => reply.redirect('/docs'));

  // The page's library has 4 MB and takes a fifth of a start, so it is loaded for the first reader.
  let page: Promise<FastifyInstance> | undefined;
  /** What the page is made of, by path. All responses share the bytes, however slowly they are read. */
  const files = new Map<string, PageFile>();
  const read = async (path: string): Promise<PageFile | undefined> => {
    page ??= makePage(document);
    // What failed is tried again for the next reader.
    page.catch(() => (page = undefined));
    const { statusCode, headers, rawPayload } = await (await page).inject({ url: path });
    if (statusCode !== 200) return undefined;
    const tag = `"${createHash('sha256').update(rawPayload).digest('base64url')}"`;
    return { type: String(headers['content-type']), body: await gzip(rawPayload), tag };
  };
  for (const url of ['/docs', '/docs/*']) {
    app.get(url, { onRequest: app.countSource }, async ({ url: target, headers }, reply) => {
      const path = target.split('?', 1)[0]!.replace(/^\/docs\/?$/, '/docs/');
      const file = files.get(path) ?? (await read(path));
      if (!file) throw new RouteNotFound();
      files.set(path, file);
      void reply.headers({ etag: file.tag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
      if (headers['if-none-match'] === file.tag) return reply.status(304).send();
      if (headers['accept-encoding']?.includes('gzip')) {
        return reply.header('content-encoding', 'gzip').type(file.type).send(file.body);
      }
      return reply.type(file.type).send(await gunzip(file.body));
    });
  }
}

/** A file of the page, compressed. */
interface PageFile {
  type: string;
  body: Buffer;
  tag: string;
}

const gzip = promisify<Buffer, Buffer>(zlib.gzip);
const gunzip = promisify<Buffer, Buffer>(zlib.gunzip);

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
