import { defineError } from '../errors.ts';

/** A body that is no JSON, or JSON that could not be kept as it is. */
export class MalformedJson extends defineError({
  code: 'malformed_json',
  status: 400,
  meaning: 'The body is not JSON in UTF-8, or holds a number with more digits than JSON programs keep.',
  remedy: 'Mend what the message names; send long numbers as text.',
}) {}
