import { Type, type TSchema, type TUnsafe, type Static } from 'typebox';
import { CUSTOM_DATA_MAX_BYTES } from './customData.ts';

/** The schema keyword that holds the byte limit of a custom data object; validators bind it to `customDataFaults`. */
export const CUSTOM_DATA_KEYWORD = 'x-max-json-bytes';

/** A line of text a person typed: no control characters, at most `maxLength` characters. */
export const Text = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, format: 'plain-text', description });

export const Email = (description: string) =>
  Type.String({ maxLength: 254, format: 'email', description, examples: ['ada@example.com'] });

export const Phone = (description: string) =>
  Type.String({ maxLength: 16, format: 'e164', description, examples: ['+12125550123'] });

/** A name to sign in with (RFC 8265). */
export const Username = (description: string) =>
  Type.String({ minLength: 1, maxLength: 255, format: 'username', description });

/** One of several fixed words. */
export const OneOf = <const T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>({ type: 'string', enum: [...values], description });

/** A JSON object of the caller's own, limited in size. */
export const CustomData = (description: string) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    additionalProperties: true,
    [CUSTOM_DATA_KEYWORD]: CUSTOM_DATA_MAX_BYTES,
    description: `${description} (at most ${CUSTOM_DATA_MAX_BYTES / 1024} KB as JSON)`,
  });

/** An object that takes no property it does not name. */
export const Closed = <T extends Record<string, TSchema>>(properties: T, options: object = {}) =>
  Type.Object(properties, { additionalProperties: false, ...options });

/**
 * The same schema, taking `null` too: in an update, null clears the attribute.
 * A type array rather than anyOf, so that a wrong value gets one reason and not one for each branch.
 */
export function Nullable<T extends TSchema>(schema: T): TUnsafe<Static<T> | null> {
  const { type, enum: values, ...rest } = schema as unknown as { type: string; enum?: unknown[] };
  return Type.Unsafe<Static<T> | null>({
    ...rest,
    type: [type, 'null'],
    ...(values ? { enum: [...values, null] } : {}),
  });
}

/** A date-time as ISO 8601 in UTC. */
export const DateTime = (description: string) => Type.String({ description, examples: ['2026-01-31T09:30:00.000Z'] });

/** Milliseconds since 1970-01-01T00:00:00Z. */
export const Milliseconds = (description: string) => Type.Integer({ description });
