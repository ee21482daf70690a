"""A row in an account's history where no field is changed, as for a password set again: of whoever acts, and as it is."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION note_account(account bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    role text := coalesce(nullif(current_setting('role'), 'none'), session_user);
    columns text;
BEGIN
    IF NOT has_table_privilege(role, 'registry_user', 'UPDATE') THEN
        RAISE EXCEPTION 'permission denied for function note_account' USING ERRCODE = 'insufficient_privilege';
    END IF;
    SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM (
        SELECT attname FROM pg_attribute
        WHERE attrelid = 'registry_user'::regclass AND attnum > 0 AND NOT attisdropped
        INTERSECT
        SELECT attname FROM pg_attribute
        WHERE attrelid = 'registry_userhistory'::regclass AND attnum > 0 AND NOT attisdropped) AS shared;
    EXECUTE format(
        'INSERT INTO registry_userhistory (pgh_created_at, pgh_label, pgh_obj_id, %1$s) '
        'SELECT now(), ''update'', id, %1$s FROM registry_user WHERE id = $1', columns) USING account;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0051_given_away")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION note_account(bigint)")]
