import type { FastifySchemaCompiler } from 'fastify';
import { Ajv, type SchemaValidateFunction } from 'ajv';
import { CUSTOM_DATA_KEYWORD, customDataFaults, formats, type StringFormat } from '@tessera/contract';

/**
 * A validator for the contract's schemas: its formats and its custom data limit are known, every fault is told,
 * and no body is coerced, filled in or thinned out.
 */
export function makeValidatorCompiler(): FastifySchemaCompiler<object> {
  const exact = makeAjv(false);
  // All of a query is text, until it is read as what its schema says.
  const ofText = makeAjv(true);
  return ({ schema, httpPart }) => (httpPart === 'querystring' ? ofText : exact).compile(schema);
}

/** A validator with the contract's formats and keyword. @param coerceTypes whether text is read as what a schema says */
export function makeAjv(coerceTypes: boolean): Ajv {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: true, coerceTypes });
  for (const [name, { test }] of Object.entries<StringFormat>(formats))
    ajv.addFormat(name, { type: 'string', validate: test });
  const validate: SchemaValidateFunction = (_limit: number, data: object) => {
    const reasons = customDataFaults(data);
    validate.errors = reasons.length > 0 ? [{ keyword: CUSTOM_DATA_KEYWORD, params: { reasons } }] : [];
    return reasons.length === 0;
  };
  ajv.addKeyword({ keyword: CUSTOM_DATA_KEYWORD, type: 'object', schemaType: 'number', errors: true, validate });
  return ajv;
}
