import type { TSchema } from 'typebox';
import { errorsPage } from './errorsPage.ts';
import { operations } from './operations.ts';
import { OAuthError } from './access/token.ts';
import { BadRequestError, HttpError, type ErrorFacts } from './schema/errors.ts';
import { bodyLimitOf, sizeInWords, type Operation } from './schema/operation.ts';

/** A JSON value under construction. */
type Json = Record<string, unknown>;

/**
 * The OpenAPI 3.1 document of the tenant, made from the operations and their schemas.
 * @param serverUrl where this tenant answers
 * @param errors every kind of error that it answers with
 */
export function openApiDocument(serverUrl: string, version: string, errors: readonly ErrorFacts[] = []): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const operation of Object.values<Operation>(operations)) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation, schemas, serverUrl);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tessera tenant',
      version,
      description:
        "A self-hosted identity store that speaks Mosaic's Users API. The curl lines take the access token from `TOKEN`, " +
        'and the IDs of a user and a group from `USER_ID` and `GROUP_ID`.\n\n' +
        `# Errors\n\nThe header \`x-error-code\` of an answer tells its kind.\n\n${errorsPage(errors)}`,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: serverUrl }],
    tags: [
      { name: 'Access' },
      { name: 'Users' },
      { name: 'Groups' },
      { name: 'Applications' },
      { name: 'Sign-in' },
      { name: 'Signed-in user' },
    ],
    paths,
    components: {
      schemas,
      securitySchemes: {
        UserAccessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'What a sign-in gives; for the user and the application that it was given for',
        },
        ClientAccessToken: {
          type: 'oauth2',
          description: "Client credentials of any of the tenant's applications",
          flows: { clientCredentials: { tokenUrl: `${serverUrl}/oidc/token`, scopes: {} } },
        },
      },
    },
  };
}

function describe(operation: Operation, schemas: Json, serverUrl: string): Json {
  const {
    operationId,
    summary,
    description,
    tag,
    secured,
    signedIn,
    deprecated,
    params,
    query,
    headers,
    extension,
    body,
    bodyType,
    responses,
  } = operation;
  return {
    operationId,
    summary,
    ...(description && { description }),
    tags: [tag],
    ...(deprecated && { deprecated }),
    ...(secured && { security: [signedIn ? { UserAccessToken: [] } : { ClientAccessToken: [] }] }),
    'x-codeSamples': [{ lang: 'Shell', label: 'curl', source: curlLine(operation, serverUrl) }],
    ...(extension && { 'x-tessera-extension': true }),
    parameters: [
      ...parameters('path', params, schemas),
      ...parameters('query', query, schemas),
      ...parameters('header', headers, schemas),
    ],
    ...(body && {
      requestBody: {
        required: true,
        content: { [bodyType ?? 'application/json']: { schema: reference(body, schemas) } },
      },
    }),
    responses: Object.fromEntries(
      Object.entries({ ...answersOf(operation), ...responses }).map(([status, response]) => [
        status,
        {
          description: response.description,
          ...(response.schema && { content: { 'application/json': { schema: reference(response.schema, schemas) } } }),
        },
      ]),
    ),
  };
}

/** What any operation may answer, whatever it is about; the token endpoint in its own words. */
function answersOf(operation: Operation): Operation['responses'] {
  const { responses } = operation;
  const shapes = Object.entries(responses).flatMap(([status, { schema }]) =>
    Number(status) >= 400 && schema ? schema : [],
  );
  const schema = shapes.includes(OAuthError) ? OAuthError : HttpError;
  const answers: Operation['responses'] = {
    400: { description: 'The request is malformed', schema: schema === OAuthError ? OAuthError : BadRequestError },
    408: { description: 'The request did not arrive whole in time', schema: HttpError },
    417: { description: 'The header Expect asks for what the tenant does not know', schema: HttpError },
    431: { description: 'The URL and the header are too large', schema: HttpError },
    503: { description: 'The tenant cannot answer now: try again after Retry-After', schema },
  };
  // The token endpoint has 400 for these (RFC 6749, 5.2).
  if (schema === HttpError) {
    answers[413] = { description: `The body is larger than ${sizeInWords(bodyLimitOf(operation))}`, schema };
    answers[415] = { description: 'The body has a media type that the operation does not take', schema };
  }
  if (schema === OAuthError) answers[429] = { description: 'Many requests for this client wait already', schema };
  return answers;
}

/** A line to paste, when `TOKEN` and the IDs it names are set. */
function curlLine({ curl, secured, signedIn, body, bodyType }: Operation, serverUrl: string): string {
  const json = body && !bodyType ? `-H 'Content-Type: application/json' ` : '';
  const header = secured
    ? `-H "Authorization: Bearer $${signedIn ? 'USER_TOKEN' : 'TOKEN'}" -H 'Content-Type: application/json' `
    : json;
  return `curl ${header}${curl.replace('$API', serverUrl)}`;
}

function parameters(place: 'path' | 'query' | 'header', schema: TSchema | undefined, schemas: Json): Json[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, TSchema>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: reference(property, schemas),
  }));
}

/** A schema as the document shows it: each titled schema is put under components once and referred to. */
function reference(schema: unknown, schemas: Json): unknown {
  if (Array.isArray(schema)) return schema.map((member) => reference(member, schemas));
  if (schema === null || typeof schema !== 'object') return schema;
  const members = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, reference(value, schemas)]));
  const { title } = schema as { title?: unknown };
  // Only a schema has a string there: a property called "title" holds a schema of its own.
  if (typeof title !== 'string') return members;
  schemas[title] ??= members;
  return { $ref: `#/components/schemas/${title}` };
}
