import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { errorsPage } from '@tessera/contract';
import { errorTable } from './errors.ts';
import { loadSubjects } from './tenant.ts';

// Makes docs/errors.md from the classes of errors: `npm run docs`.
await loadSubjects();
const page = `# Errors

Every answer with an error has the kind of it in the header \`x-error-code\`, and so has the log line of the request. The
codes are stable: programs may go by them. A body of the Users API has \`message\` and \`error_code\`, the HTTP status; that
of the token endpoint is what RFC 6749 says, and that of the password routes what the vendor's routes say.

This page is made from the code, by \`npm run docs\`.

${errorsPage(errorTable())}`;
await writeFile(path.resolve(import.meta.dirname, '../../../docs/errors.md'), page);
