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

/** What is told of a kind of error: the page of errors is made from these. */
export interface ErrorFacts {
  /** Stable: programs may go by it. Every answer with this error has it in the header `x-error-code`. */
  code: string;
  /** HTTP status. */
  status: number;
  /** What it means, and what to do about it: a sentence each. */
  meaning: string;
  remedy: string;
  /** The member of the body that has the code, where the vendor's or a standard's body has one. */
  member?: 'ts_error_code' | 'error_code' | 'error';
  /** Whether the log tells what caused it, though it is no fault of the tenant's. */
  logged?: boolean;
}

export type BadRequestError = Static<typeof BadRequestError>;
export type HttpError = Static<typeof HttpError>;
export type IdentifierIsTakenError = Static<typeof IdentifierIsTakenError>;
