import { Type, type Static } from 'typebox';

/** The error bodies of the Users API. */

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

export type BadRequestError = Static<typeof BadRequestError>;
export type HttpError = Static<typeof HttpError>;
export type IdentifierIsTakenError = Static<typeof IdentifierIsTakenError>;
