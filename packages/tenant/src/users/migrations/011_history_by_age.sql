-- For taking away what is older than history is kept. It grows in the order of time, and so a BRIN costs next to nothing.
create index user_history_by_age on user_history using brin (changed_at);
