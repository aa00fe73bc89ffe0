import type { ErrorFacts } from './schema/errors.ts';

/** Every kind of error as Markdown, by status: what it means, and what to do about it. */
export function errorsPage(errors: readonly ErrorFacts[]): string {
  const statuses = [...new Set(errors.map(({ status }) => status))];
  return statuses
    .map((status) => {
      const kinds = errors.filter((error) => error.status === status).map(paragraphs);
      return `## Status ${status}\n\n${kinds.join('\n')}`;
    })
    .join('\n');
}

function paragraphs({ code, meaning, remedy, member }: ErrorFacts): string {
  const inBody = member ? ` The body has the code as \`${member}\`.` : '';
  return `### \`${code}\`\n\n${meaning} ${remedy}${inBody}\n`;
}
