-- How often something came in a while. Unlogged: it costs no flush to disk, and after a crash of PostgreSQL counting begins anew.
create unlogged table limits (
  key varchar(255) primary key,
  points integer not null default 0,
  expire bigint
);
create index limits_by_end on limits (expire);
