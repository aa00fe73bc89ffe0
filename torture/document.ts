import { Ajv2020 } from 'ajv/dist/2020.js';

export type Schema = Record<string, unknown>;

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}

interface Content {
  content?: Record<string, { schema: Schema }>;
}

/** What the document tells of an operation. */
export interface DocumentedOperation {
  operationId: string;
  security?: unknown[];
  parameters: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
}

export interface OpenApi {
  paths: Record<string, Record<string, DocumentedOperation>>;
  components: { schemas: Record<string, Schema> };
}

type Check = (value: unknown) => boolean;
interface Listed {
  id: string;
  method: string;
  segments: string[];
  operation: DocumentedOperation;
  /** By status; undefined where the answer has no body. */
  checks: Map<number, Check | undefined>;
}

/** These may come from every operation, for what is wrong there is no matter of the operation. */
const EVERYWHERE = [408, 413, 415, 417, 431, 503];
/** What a request may be answered with that is no operation's. */
const NOWHERE = [400, 401, 404, 405, 408, 413, 414, 415, 417, 431, 501, 503];
/** Routes for people and for whoever runs the tenant: not in the document. */
const UNDOCUMENTED = /^\/*($|docs|openapi\.json|healthz|readyz)/;

/** The OpenAPI document as the judge of answers. */
export class Document {
  readonly openApi: OpenApi;
  readonly #listed: Listed[];

  constructor(openApi: OpenApi) {
    this.openApi = openApi;
    // The document's own keywords and formats are about requests.
    const ajv = new Ajv2020({ strict: false, validateFormats: false, validateSchema: false });
    const { components } = openApi;
    const checkOf = ({ content }: Content): Check | undefined => {
      const schema = content?.['application/json']?.schema;
      return schema && ajv.compile({ ...schema, components });
    };
    this.#listed = Object.entries(openApi.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        id: operation.operationId,
        method: method.toUpperCase(),
        segments: path.split('/').slice(1),
        operation,
        checks: new Map(
          Object.entries(operation.responses).map(([status, response]) => [Number(status), checkOf(response)]),
        ),
      })),
    );
  }

  /**
   * Says what is wrong with an answer.
   * @param target the path and query as sent
   * @returns a sentence that repeats no value; undefined when the document lists the answer
   */
  faultOf(method: string, target: string, status: number, body: Buffer): string | undefined {
    const path = target.replace(/[?#].*$/s, '');
    if (UNDOCUMENTED.test(path)) return undefined;
    const sent = method === 'HEAD' ? 'GET' : method;
    const segments = path.replace(/\/$/, '').split('/').slice(1).map(decode);
    const matching = this.#listed.filter((listed) => listed.method === sent && matches(listed.segments, segments));
    // Of two that match, such as …/users/count and …/users/{user_id}, the one with more fixed segments answers.
    const fixed = (listed: Listed): number => listed.segments.filter((segment) => !segment.startsWith('{')).length;
    const [found] = matching.sort((a, b) => fixed(b) - fixed(a));
    const name = found?.id ?? 'no operation';
    if (method === 'HEAD') {
      return NOWHERE.includes(status) || found?.checks.has(status) ? undefined : `${name}: HEAD answers ${status}`;
    }
    // A router may refuse a path that does not decode before it knows the operation.
    if (segments.includes(undefined) && [400, 404].includes(status) && isErrorBody(body)) return undefined;
    if (found?.checks.has(status)) {
      const check = found.checks.get(status);
      if (!check) return body.length === 0 ? undefined : `${name}: ${status} has a body`;
      const json = parse(body);
      if (json === undefined) return `${name}: the body of ${status} is not JSON`;
      return check(json) ? undefined : `${name}: the body of ${status} is not as the document says`;
    }
    if (!(found ? EVERYWHERE : NOWHERE).includes(status)) {
      return `${name}: the document lists no ${status}`;
    }
    return isErrorBody(body) ? undefined : `${name}: the body of ${status} is not {message, error_code}`;
  }
}

/** Whether it is the API's body of an error. */
export function isErrorBody(body: Buffer): boolean {
  const { message, error_code } = (parse(body) ?? {}) as { message?: unknown; error_code?: unknown };
  const sentences = [message].flat();
  return (
    sentences.length > 0 &&
    sentences.every((sentence) => typeof sentence === 'string') &&
    (typeof error_code === 'number' || typeof error_code === 'string')
  );
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

function matches(pattern: readonly string[], segments: readonly (string | undefined)[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((segment, place) => segment.startsWith('{') || segment === segments[place])
  );
}

/** @returns undefined when it does not decode, or has bytes that no URL has */
function decode(segment: string): string | undefined {
  if (/[^!-~]/.test(segment)) return undefined;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
