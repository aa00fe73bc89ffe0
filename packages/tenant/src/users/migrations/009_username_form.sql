-- Usernames are compared without case from here on. Where two users have usernames that differ in nothing else, the one who
-- has the lower-case form keeps it, or else the first, and the others keep theirs as they are.
update identifiers set value = lower(value)
from (
  select distinct on (tenant_id, lower(value)) tenant_id, value as written
  from identifiers where kind = 'username' order by tenant_id, lower(value), value
) as first
where identifiers.tenant_id = first.tenant_id and kind = 'username' and value = written and value <> lower(value)
  and not exists (
    select from identifiers as other
    where other.tenant_id = identifiers.tenant_id and other.kind = 'username' and other.value = lower(identifiers.value)
  );
