import type { FastifyInstance } from 'fastify';
import { errorBody, logFault, sendError } from './errors.ts';
import { asApiError } from './requestErrors.ts';

/** A page may load nothing, and nothing may frame it. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

/** The routes of an instance show their errors to people as a page, and to programs as every route does. */
export function showErrorsInBrowsers(app: FastifyInstance): void {
  app.setErrorHandler((thrown: Error, request, reply) => {
    const isForPeople = request.method === 'GET' && request.headers.accept?.includes('text/html');
    if (!isForPeople) return sendError(thrown, request, reply);
    const error = asApiError(thrown, request);
    logFault(request.log, error);
    request.errorCode = error.code;
    return reply
      .status(error.status)
      .headers({ ...error.headers, 'x-error-code': error.code, 'content-security-policy': POLICY })
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .serializer((page: string) => page)
      .send(page([errorBody(error).message].flat().join('. '), request.id));
  });
}

const page = (message: string, requestId: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign-in failed</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 30rem; margin: 15vh auto 0; padding: 0 1.5rem }
h1 { font-size: 1.5rem }
small { opacity: .7 }
</style>
</head>
<body>
<main>
<h1>Sign-in failed</h1>
<p>${escaped(message)}.</p>
<p>Go back to the application and sign in again.</p>
<small>Request ${escaped(requestId)}</small>
</main>
</body>
</html>
`;

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
