-- When the password was set that a session began with, in milliseconds since the epoch: it is over when the user has another one.
alter table sessions add column password_at bigint;
