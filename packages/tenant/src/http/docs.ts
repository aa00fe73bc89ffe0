import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { fastify, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
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
    return { type: String(headers['content-type']), body: rawPayload, compressed: await gzip(rawPayload), tag };
  };
  const serve = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const path = request.url.split('?', 1)[0]!;
    // The page's links are relative to this.
    if (path === '/docs') return reply.redirect('/docs/');
    // Written in any other way, a path would fill the memory.
    const file = FILES.includes(path) ? (files.get(path) ?? (await read(path))) : undefined;
    if (!file) throw new RouteNotFound();
    files.set(path, file);
    const { 'if-none-match': known, 'accept-encoding': encodings = '' } = request.headers;
    const isCompressed = encodings.includes('gzip');
    const tag = isCompressed ? file.tag.replace(/"$/, '-gzip"') : file.tag;
    void reply.headers({ etag: tag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
    if (known === tag || known === `W/${tag}`) return reply.status(304).send();
    if (!isCompressed) return reply.type(file.type).send(file.body);
    return reply.header('content-encoding', 'gzip').type(file.type).send(file.compressed);
  };
  for (const url of ['/docs', '/docs/*']) app.get(url, { onRequest: app.countSource }, serve);
}

/** What the page is made of. */
const FILES = ['/docs/', '/docs/js/scalar.js', '/docs/openapi.json', '/docs/openapi.yaml'];

interface PageFile {
  type: string;
  body: Buffer;
  compressed: Buffer;
  /** An entity tag (RFC 9110, 8.8.3). */
  tag: string;
}

const gzip = promisify<Buffer, Buffer>(zlib.gzip);

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
