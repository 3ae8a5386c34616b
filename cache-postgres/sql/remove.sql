-- Removes everything that `install.sql` and `watch` have made, triggers on tables included.

DROP EVENT TRIGGER IF EXISTS cache_notify_ddl_command_end;
DROP EVENT TRIGGER IF EXISTS cache_notify_sql_drop;
DROP SCHEMA IF EXISTS cache_notify CASCADE;
