import { Type } from 'typebox';

/** Paging, as every list takes and tells it. */

/** The most items on one page, and how many when the request does not say. */
export const PAGE_LIMIT_MAX = 5000;
export const PAGE_LIMIT_DEFAULT = 100;

export const paging = {
  page_offset: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1, default: 0, description: 'How many to skip' }),
  ),
  page_limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: PAGE_LIMIT_MAX,
      default: PAGE_LIMIT_DEFAULT,
      description: 'How many to give',
    }),
  ),
};

export const PageInfo = Type.Object(
  { has_next_page: Type.Boolean(), has_previous_page: Type.Boolean() },
  { title: 'PageInfo' },
);
