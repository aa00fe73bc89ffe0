import type { FastifySchemaCompiler } from 'fastify';
import { Ajv, type SchemaValidateFunction, type ValidateFunction } from 'ajv';
import { CUSTOM_DATA_KEYWORD, customDataFaults, formats, type StringFormat } from '@tessera/contract';

/** Beyond so many values, or so many characters of text, one fault is told and not every one. */
const SMALL_VALUES = 2000;
const SMALL_CHARACTERS = 64 * 1024;

/**
 * A validator for the contract's schemas: its formats and its custom data limit are known, and no body is coerced, filled
 * in or thinned out. It stops at the first fault, so that what is far too long is not read through; of input that is small,
 * every fault is told.
 */
export function makeValidatorCompiler(): FastifySchemaCompiler<object> {
  const exact = makeCompiler(false);
  // All of a query is text, until it is read as what its schema says.
  const ofText = makeCompiler(true);
  return ({ schema, httpPart }) => (httpPart === 'querystring' ? ofText : exact)(schema);
}

/** Gives the validator of a schema. @param coerceTypes whether text is read as what a schema says */
export function makeCompiler(coerceTypes = false): <T>(schema: object) => ValidateFunction<T> {
  const first = once(() => makeAjv(coerceTypes, false));
  const all = once(() => makeAjv(coerceTypes, true));
  return <T>(schema: object) => {
    // When it is wanted: to compile all schemas takes a third of a start.
    const findsFirst = once(() => first().compile<T>(schema));
    const findsAll = once(() => all().compile<T>(schema));
    const validate = ((data: unknown): data is T => {
      if (findsFirst()(data)) return true;
      let finder = findsFirst();
      if (isSmall(data)) {
        finder = findsAll();
        finder(data);
      }
      validate.errors = finder.errors;
      return false;
    }) as ValidateFunction<T>;
    return validate;
  };
}

/** Makes a thing when it is asked for, and no second one. */
function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

function isSmall(data: unknown): boolean {
  const open = [data];
  let values = 0;
  let characters = 0;
  while (open.length > 0) {
    const value = open.pop();
    values += 1;
    if (typeof value === 'string') characters += value.length;
    else if (Array.isArray(value) && value.length > SMALL_VALUES) return false;
    else if (value !== null && typeof value === 'object') {
      for (const key in value) {
        characters += key.length;
        open.push((value as Record<string, unknown>)[key]);
        if (open.length + values > SMALL_VALUES) return false;
      }
    }
    if (values > SMALL_VALUES || characters > SMALL_CHARACTERS) return false;
  }
  return true;
}

/** A validator with the contract's formats and keyword. */
function makeAjv(coerceTypes: boolean, allErrors: boolean): Ajv {
  const ajv = new Ajv({ allErrors, allowUnionTypes: true, strict: true, coerceTypes });
  for (const [name, { test }] of Object.entries<StringFormat>(formats))
    ajv.addFormat(name, { type: 'string', validate: test });
  const validate: SchemaValidateFunction = (maxBytes: number, data: object) => {
    const reasons = customDataFaults(data, maxBytes);
    validate.errors = reasons.length > 0 ? [{ keyword: CUSTOM_DATA_KEYWORD, params: { reasons } }] : [];
    return reasons.length === 0;
  };
  ajv.addKeyword({ keyword: CUSTOM_DATA_KEYWORD, type: 'object', schemaType: 'number', errors: true, validate });
  return ajv;
}
