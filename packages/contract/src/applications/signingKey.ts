import { Type, type Static } from 'typebox';
import { Closed, DateTime, OneOf, Text } from '../schema/schemas.ts';

/** The keys that a tenant's tokens are signed with. */

const KEY_STATUSES = ['signing', 'validating', 'disabled'] as const;

const name = Text(255, 'Name of the key');

export const ApiSigningKey = Type.Object(
  {
    id: Type.String(),
    app_id: Type.String({ description: 'The application whose token made it' }),
    tenant_id: Type.String(),
    kid: Type.String({ description: 'As the header of a token names it (RFC 7515, 4.1.4)' }),
    name: Type.String(),
    status: OneOf(
      KEY_STATUSES,
      'New tokens are signed with the one that signs; those that validate are published as well',
    ),
    source: OneOf(
      ['global', 'mosaic', 'uploaded'],
      'Who made it: the first start, the tenant when asked, or somebody else',
    ),
    created_at: DateTime('When it was made'),
    updated_at: DateTime('When it was last changed'),
  },
  { title: 'ApiSigningKey' },
);

export const CreateSigningKeyInput = Closed({ name }, { title: 'CreateSigningKeyInput' });

export const UploadSigningKeyInput = Closed(
  {
    name,
    jwk: Type.Unsafe<Record<string, unknown>>({
      type: 'object',
      additionalProperties: true,
      'x-max-json-bytes': 16_384,
      description: 'A private RSA key of 2048 bits or more (RFC 7517)',
    }),
  },
  { title: 'UploadSigningKeyInput' },
);

export const UpdateSigningKeyInput = Closed(
  {
    status: Type.Optional(OneOf(KEY_STATUSES, 'Another key that signs goes on validating')),
    name: Type.Optional(name),
  },
  { title: 'UpdateSigningKeyInput', minProperties: 1 },
);

export type ApiSigningKey = Static<typeof ApiSigningKey>;
