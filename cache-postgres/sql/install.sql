-- Tells listening processes of the rows that statements have written.
--
-- Run it as often as you like, by any role that may create a schema. Nothing here runs with other rights than those
-- of whoever writes.

CREATE SCHEMA IF NOT EXISTS cache_notify;

-- Everything is said by one function: a trigger needs no right to call it, but would need one to call others.
-- It must never fail the statement that it tells of.
CREATE OR REPLACE FUNCTION cache_notify.tell() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $tell$
<<tell>>
DECLARE
    -- The columns that may be told; NULL for all of them.
    told_columns text[] := CASE WHEN TG_NARGS > 0 THEN TG_ARGV[0]::text[] END;
    longest_text CONSTANT integer := 200;
    most_rows CONSTANT integer := 50;
    most_bytes CONSTANT integer := 7900;
    count_before bigint := 0;
    count_after bigint := 0;
    rows_before json;
    rows_after json;
    fingerprint numeric;
    message text;
BEGIN
    IF TG_OP IN ('UPDATE', 'DELETE') THEN
        SELECT count(*) INTO count_before FROM (SELECT FROM cache_notify_before LIMIT tell.most_rows + 1) AS few;
    END IF;
    IF TG_OP IN ('UPDATE', 'INSERT') THEN
        SELECT count(*) INTO count_after FROM (SELECT FROM cache_notify_after LIMIT tell.most_rows + 1) AS few;
    END IF;
    IF TG_OP <> 'TRUNCATE' AND count_before + count_after = 0 THEN
        RETURN NULL;
    END IF;
    IF TG_OP <> 'TRUNCATE' AND greatest(count_before, count_after) <= most_rows THEN
        -- A value that has no form in JSON leaves the rows untold.
        BEGIN
            IF count_before > 0 THEN
                SELECT json_agg((
                    SELECT coalesce(json_object_agg(field.key, field.value), '{}')
                    FROM json_each_text(row_to_json(written.*)) AS field
                    WHERE char_length(field.value) <= tell.longest_text IS NOT FALSE
                        AND (tell.told_columns IS NULL OR field.key = ANY (tell.told_columns))
                )) INTO rows_before FROM cache_notify_before AS written;
            END IF;
            IF count_after > 0 THEN
                SELECT json_agg((
                    SELECT coalesce(json_object_agg(field.key, field.value), '{}')
                    FROM json_each_text(row_to_json(written.*)) AS field
                    WHERE char_length(field.value) <= tell.longest_text IS NOT FALSE
                        AND (tell.told_columns IS NULL OR field.key = ANY (tell.told_columns))
                )) INTO rows_after FROM cache_notify_after AS written;
            END IF;
            -- By which a listener sees whether it knows these columns.
            SELECT sum(hashtextextended(attname::text, hashint8extended(
                atttypid::bigint << 32 | (atttypmod::bigint & 4294967295), attcollation::bigint << 16 | attnum)))
            INTO fingerprint
            FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;
            message := json_build_object('version', 1, 'schema', TG_TABLE_SCHEMA, 'table', TG_TABLE_NAME,
                'operation', lower(TG_OP), 'columns', fingerprint::text,
                'before', coalesce(rows_before, '[]'), 'after', coalesce(rows_after, '[]'))::text;
            IF octet_length(message) > most_bytes THEN
                message := NULL;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            message := NULL;
        END;
    END IF;
    PERFORM pg_notify('cache_notify', coalesce(message, json_build_object('version', 1, 'schema', TG_TABLE_SCHEMA,
        'table', TG_TABLE_NAME, 'operation', lower(TG_OP))::text));
    RETURN NULL;
END
$tell$;

-- Watches a table, and with it its partitions and the tables that inherit from it. Returns how many of them were
-- not yet watched so. `columns` are those whose values may be told; without it all are, and with none of them only the name of the table is.
CREATE OR REPLACE FUNCTION cache_notify.watch(relation regclass, columns text[] DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $watch$
DECLARE
    member regclass;
    wanted record;
    existing record;
    changed boolean;
    argument text := coalesce(quote_literal(columns::text), '');
    stored bytea := coalesce(convert_to(columns::text, getdatabaseencoding()) || '\x00', '');
    watched integer := 0;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class WHERE oid = relation AND relkind IN ('r', 'p') AND relpersistence <> 't') THEN
        RAISE EXCEPTION '% is not a table that others can write', relation
            USING HINT = 'Views, foreign tables and temporary tables cannot be watched.';
    END IF;
    FOR member IN
        WITH RECURSIVE family (oid) AS (
            SELECT relation::oid
            UNION SELECT i.inhrelid FROM pg_inherits i JOIN family f ON f.oid = i.inhparent
        )
        SELECT family.oid FROM family JOIN pg_class c USING (oid) WHERE c.relkind IN ('r', 'p') ORDER BY 1
    LOOP
        changed := false;
        FOR wanted IN
            SELECT * FROM (VALUES
                ('insert', 'REFERENCING NEW TABLE AS cache_notify_after'),
                ('update', 'REFERENCING OLD TABLE AS cache_notify_before NEW TABLE AS cache_notify_after'),
                ('delete', 'REFERENCING OLD TABLE AS cache_notify_before'),
                ('truncate', '')
            ) AS events (event, transition)
        LOOP
            SELECT t.tgfoid, t.tgargs, t.tgenabled INTO existing FROM pg_trigger t
            WHERE t.tgrelid = member AND t.tgname = 'cache_notify_' || wanted.event;
            IF FOUND THEN
                CONTINUE WHEN existing.tgfoid = 'cache_notify.tell'::regproc AND existing.tgargs = stored
                    AND existing.tgenabled = 'A';
                EXECUTE format('DROP TRIGGER %I ON %s', 'cache_notify_' || wanted.event, member);
            END IF;
            EXECUTE format('CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION cache_notify.tell(%s)',
                'cache_notify_' || wanted.event, wanted.event, member, wanted.transition, argument);
            -- Also where other triggers are kept from firing, as while a dump is loaded.
            EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', member, 'cache_notify_' || wanted.event);
            changed := true;
        END LOOP;
        watched := watched + changed::integer;
    END LOOP;
    RETURN watched;
END
$watch$;

-- Undoes `watch`, for the same family of tables.
CREATE OR REPLACE FUNCTION cache_notify.unwatch(relation regclass) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $unwatch$
DECLARE
    member regclass;
    fired name;
    unwatched integer := 0;
BEGIN
    FOR member IN
        WITH RECURSIVE family (oid) AS (
            SELECT relation::oid
            UNION SELECT i.inhrelid FROM pg_inherits i JOIN family f ON f.oid = i.inhparent
        )
        SELECT family.oid FROM family
        WHERE EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = family.oid AND t.tgfoid = 'cache_notify.tell'::regproc)
        ORDER BY 1
    LOOP
        FOR fired IN SELECT tgname FROM pg_trigger WHERE tgrelid = member AND tgfoid = 'cache_notify.tell'::regproc LOOP
            EXECUTE format('DROP TRIGGER %I ON %s', fired, member);
        END LOOP;
        unwatched := unwatched + 1;
    END LOOP;
    RETURN unwatched;
END
$unwatch$;

-- Watches every table of a schema; those that are made later are not watched by themselves.
CREATE OR REPLACE FUNCTION cache_notify.watch_all(schema_name name) RETURNS integer
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $all$
    SELECT coalesce(sum(cache_notify.watch(c.oid::regclass)), 0)::integer
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = schema_name AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
$all$;

-- Definitions change what rows mean: views above all.
CREATE OR REPLACE FUNCTION cache_notify.tell_definition() RETURNS event_trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $define$
DECLARE
    is_lasting boolean;
BEGIN
    IF TG_EVENT = 'sql_drop' THEN
        is_lasting := EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary);
    ELSE
        is_lasting := EXISTS (
            SELECT FROM pg_event_trigger_ddl_commands() WHERE schema_name IS DISTINCT FROM 'pg_temp');
    END IF;
    IF is_lasting THEN
        PERFORM pg_notify('cache_notify', '{"version": 1, "operation": "define"}');
    END IF;
END
$define$;

-- Only a superuser may have these two; without them listeners learn of new columns, but not of new views.
DO $events$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['ddl_command_end', 'sql_drop'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = 'cache_notify_' || wanted) THEN
            EXECUTE pg_catalog.format('CREATE EVENT TRIGGER %I ON %s EXECUTE FUNCTION cache_notify.tell_definition()',
                'cache_notify_' || wanted, wanted);
        END IF;
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'definitions are not told: only a superuser may create event triggers';
END
$events$;
