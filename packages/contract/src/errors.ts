import { Type, type Static } from 'typebox';

/** The error bodies of the Users API, and of the token endpoint (RFC 6749). */

export const BadRequestError = Type.Object(
  {
    message: Type.Array(Type.String(), { description: 'A sentence for each fault, naming the property' }),
    error_code: Type.Literal(400),
  },
  { title: 'BadRequestError' },
);

export const HttpError = Type.Object(
  {
    message: Type.String({ description: 'What is wrong' }),
    error_code: Type.Integer({ description: 'The HTTP status' }),
  },
  { title: 'HttpError' },
);

export const IdentifierIsTakenError = Type.Object(
  {
    message: Type.String({ description: 'Which identifier is taken' }),
    error_code: Type.Literal(409),
    ts_error_code: Type.String({ description: 'Stable code of the fault' }),
  },
  { title: 'IdentifierIsTakenError' },
);

/** The `ts_error_code` of an identifier that another user of the tenant has. */
export const IDENTIFIER_IS_TAKEN = 'identifier_is_taken';

/** The `ts_error_code` of a group's name that another group of the tenant has. */
export const GROUP_NAME_IS_TAKEN = 'group_name_is_taken';

export const OAUTH_ERRORS = [
  'invalid_request',
  'invalid_client',
  'unsupported_grant_type',
  'invalid_target',
  'server_error',
] as const;

export const OAuthError = Type.Object(
  {
    error: Type.Unsafe<(typeof OAUTH_ERRORS)[number]>({ type: 'string', enum: [...OAUTH_ERRORS] }),
    error_description: Type.String(),
  },
  { title: 'OAuthError', description: 'RFC 6749, 5.2; invalid_target: RFC 8707, 2' },
);

export type BadRequestError = Static<typeof BadRequestError>;
export type HttpError = Static<typeof HttpError>;
export type IdentifierIsTakenError = Static<typeof IdentifierIsTakenError>;
export type OAuthError = Static<typeof OAuthError>;
