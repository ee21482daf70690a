-- Gives the access log or a history a partition for each year (docs/scaling.md). The table is locked meanwhile; all of
-- it happens or nothing does:
--   psql "$DATABASE_URL" --set ON_ERROR_STOP=1 --single-transaction --file deploy/partitions.sql \
--       --command "SELECT pg_temp.partition_by_year('registry_accesslog', 'at', 2046)"
-- A history's moment is pgh_created_at. The last year is the last that has a partition of its own; what is outside the
-- years goes to a partition for the rest, so that no INSERT ever fails.
CREATE FUNCTION pg_temp.partition_by_year(whole regclass, moment name, last_year integer) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    plain name := (SELECT relname FROM pg_class WHERE oid = whole);
    before name := plain || '_before';
    numbers name := plain || '_numbers';
    key name;
    later text[];
    statement text;
    first_year integer;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', plain);
    SELECT attname INTO STRICT key
    FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
    WHERE indrelid = whole AND indisprimary;
    -- What LIKE does not copy is written down, and made anew on the partitioned table.
    later := ARRAY(
        SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = whole AND NOT indisprimary
    ) || ARRAY(
        SELECT format('ALTER TABLE %I ADD CONSTRAINT %I %s', plain, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = whole AND contype = 'f'
    ) || ARRAY(
        SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = whole AND NOT tgisinternal
    );
    EXECUTE format('ALTER TABLE %I RENAME TO %I', plain, before);
    EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (%I)',
        plain, before, moment);
    -- PostgreSQL has no identity column in a partitioned table before version 17.
    EXECUTE format('CREATE SEQUENCE %I OWNED BY %I.%I', numbers, plain, key);
    EXECUTE format('SELECT setval(%L, coalesce(max(%I), 0) + 1, false) FROM %I', numbers, key, before);
    EXECUTE format('ALTER TABLE %I ALTER %I SET DEFAULT nextval(%L)', plain, key, numbers);
    EXECUTE format('SELECT coalesce(extract(year FROM min(%I)), extract(year FROM now())) FROM %I', moment, before)
        INTO first_year;
    FOR year IN first_year .. last_year LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
            plain || '_' || year, plain, make_timestamptz(year, 1, 1, 0, 0, 0), make_timestamptz(year + 1, 1, 1, 0, 0, 0));
    END LOOP;
    EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', plain || '_rest', plain);
    EXECUTE format('INSERT INTO %I SELECT * FROM %I ORDER BY %I', plain, before, key);
    EXECUTE format('DROP TABLE %I', before);  -- refuses where another table refers to this one
    EXECUTE format('ALTER TABLE %I ADD PRIMARY KEY (%I, %I)', plain, key, moment);
    FOREACH statement IN ARRAY later LOOP
        EXECUTE statement;
    END LOOP;
    -- What forbids TRUNCATE is not passed on to the partitions by itself.
    FOR statement IN
        SELECT format('CREATE TRIGGER %I BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION %s()',
            tgname, inhrelid::regclass, tgfoid::regproc)
        FROM pg_trigger JOIN pg_inherits ON inhparent = tgrelid
        WHERE tgrelid = plain::regclass AND NOT tgisinternal AND tgtype & 32 <> 0
    LOOP
        EXECUTE statement;
    END LOOP;
END
$body$;

-- Drops a year's partition, and says so in the table's chain: else `manage.py verify_history` misses its rows.
--   ... --command "SELECT pg_temp.drop_year('registry_accesslog', 'at', 2020)"
CREATE FUNCTION pg_temp.drop_year(whole regclass, moment name, year integer) RETURNS void
LANGUAGE plpgsql AS $body$
DECLARE
    plain name := (SELECT relname FROM pg_class WHERE oid = whole);
    part name := plain || '_' || year;
    key name := (
        SELECT attname FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
        WHERE indrelid = whole AND indisprimary ORDER BY attnum LIMIT 1
    );
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', plain);
    EXECUTE format('INSERT INTO registry_chainlink (chain, kind, ids, acted_by, latest_at)
        SELECT %L, ''removed'', array_agg(%I), session_user, max(%I) FROM %I HAVING count(*) > 0',
        plain, key, moment, part);
    EXECUTE format('DROP TABLE %I', part);
END
$body$;
