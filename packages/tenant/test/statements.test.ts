import { expect, it } from 'vitest';
import { refusedByCitus } from './statements.ts';

it.each([
  ['select user_id from users where user_id = any ($1) for no key update', 'it locks rows'],
  ['select user_id from users where user_id in ($1, $2) for share', 'it locks rows'],
  ["update users set apps = coalesce(apps, jsonb_build_object('a', 1)) where user_id = $1", 'not immutable'],
  ["update users set apps = case when $1 then jsonb_build_object('a', 1) else apps end", 'not immutable'],
  ['select * from users join identifiers using (user_id)', 'joins tables'],
])('a statement that a cluster refuses is known: %s', (text, why) => {
  expect(refusedByCitus(text)).toContain(why);
});

it.each([
  'select user_id from users where user_id = $1 for no key update nowait',
  "insert into user_history select jsonb_build_object('groupIds', $1) from changed",
  'update users set profile = coalesce(input.profile, users.profile) from input',
  'select coalesce(jsonb_array_length(profile), 0) from users',
])('and one that it takes as well: %s', (text) => {
  expect(refusedByCitus(text)).toBeUndefined();
});
