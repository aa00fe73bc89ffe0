import { Type, type Static } from 'typebox';
import { Closed, CustomData, Milliseconds, Nullable, Text } from '../schema/schemas.ts';

/** Groups of users: what the API shows of one, and what it takes. */

/** The `ts_error_code` of a group's name that another group of the tenant has. */
export const GROUP_NAME_IS_TAKEN = 'group_name_is_taken';

export const ApiGroup = Type.Object(
  {
    group_id: Type.String({ description: 'Assigned when the group is created' }),
    name: Type.String({ description: 'Unique in the tenant' }),
    description: Type.Optional(Type.String()),
    custom_data: Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true })),
    created_at: Milliseconds('When the group was created'),
    updated_at: Milliseconds('When the group was last changed'),
  },
  { title: 'ApiGroup' },
);

const name = Text(255, 'Unique in the tenant');
const description = Text(1000, 'What the group is for');
const customData = CustomData('Data of your own; replaced whole');

export const CreateGroupInput = Closed(
  { name, description: Type.Optional(description), custom_data: Type.Optional(customData) },
  { title: 'CreateGroupInput' },
);

export const UpdateGroupInput = Closed(
  {
    name: Type.Optional(name),
    description: Type.Optional(Nullable(description)),
    custom_data: Type.Optional(Nullable(customData)),
  },
  { title: 'UpdateGroupInput', minProperties: 1, description: 'Only what is sent changes; null clears' },
);

/** The most members that one request adds. */
const MEMBERS_MAX_ITEMS = 1000;

export const AddMembersInput = Closed(
  {
    user_ids: Type.Array(Text(255, 'ID of a user'), {
      minItems: 1,
      maxItems: MEMBERS_MAX_ITEMS,
      uniqueItems: true,
      description: 'Users to add; those who are members already stay so',
    }),
  },
  { title: 'AddMembersInput' },
);

export type ApiGroup = Static<typeof ApiGroup>;
export type CreateGroupInput = Static<typeof CreateGroupInput>;
export type UpdateGroupInput = Static<typeof UpdateGroupInput>;
