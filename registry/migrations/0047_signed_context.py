"""Who acts in a transaction, as the database can check it: what row-level security and the history ask.

A context is a JSON document before which stands its HMAC-SHA-256 in hexadecimal digits, put together by hand since
pgcrypto is an extension. It names the session and the moment that the transaction began, so that it is of no use in
another (registry/signed_context.py makes it).
"""

from django.db import migrations

FUNCTIONS = """
CREATE TABLE registry_contextkey (inner_pad bytea PRIMARY KEY, outer_pad bytea NOT NULL);

CREATE FUNCTION transaction_mark() RETURNS text LANGUAGE sql STABLE PARALLEL RESTRICTED
RETURN pg_backend_pid() || '/' || (extract(epoch FROM now()) * 1000000)::bigint;

CREATE FUNCTION signed_context() RETURNS jsonb LANGUAGE plpgsql STABLE PARALLEL RESTRICTED SECURITY DEFINER
SET search_path = public, pg_temp AS $$
DECLARE
    said text := current_setting('swecar.context', true);
    body text := substr(said, 66);
BEGIN
    IF coalesce(said, '') = '' THEN
        RETURN NULL;
    END IF;
    IF EXISTS (
        SELECT FROM registry_contextkey
        WHERE encode(sha256(outer_pad || sha256(inner_pad || convert_to(body, 'UTF8'))), 'hex') = left(said, 64)
    ) THEN
        IF body::jsonb ->> 'mark' = transaction_mark() THEN
            RETURN body::jsonb;
        END IF;
    END IF;
    RAISE EXCEPTION 'nobody has signed for who acts in this transaction'
    USING ERRCODE = 'insufficient_privilege';
END $$;

-- The actor of a change: of the clinic's process only whom it has signed for.
CREATE FUNCTION acting() RETURNS text LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = public, pg_temp AS $$
BEGIN
    IF 'swecar_clinic' IN (session_user, current_setting('role')) THEN
        RETURN coalesce(signed_context() ->> 'actor', session_user);
    END IF;
    RETURN coalesce(nullif(current_setting('swecar.actor', true), ''), session_user);
END $$;

CREATE FUNCTION acting_user() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = public, pg_temp AS $$
BEGIN
    RETURN signed_context() ->> 'user';
END $$;

CREATE FUNCTION seen_centres() RETURNS bigint[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT jsonb_array_elements(signed_context() -> 'centres')::bigint);
END $$;

CREATE FUNCTION open_persons() RETURNS bigint[] LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = public, pg_temp AS $$
BEGIN
    RETURN ARRAY(SELECT jsonb_array_elements(signed_context() -> 'persons')::bigint);
END $$;

CREATE FUNCTION sees_nation(what text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = public, pg_temp AS $$
BEGIN
    RETURN coalesce((signed_context() -> 'nation') ? what, false);
END $$;

-- Who has a number is found by its digest, which only a holder of the key can make.
CREATE FUNCTION holders_of(key_ids text[], digests bytea[]) RETURNS SETOF registry_patient
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER ROWS 1 SET search_path = public, pg_temp AS $$
    SELECT patient.* FROM registry_patient AS patient
    JOIN registry_patientidentifier AS identifier ON identifier.patient_id = patient.id
    JOIN unnest(key_ids, digests) AS known (key_id, digest)
         ON known.key_id = identifier.key_id AND known.digest = identifier.digest
    ORDER BY identifier.id LIMIT 1
$$;
"""
UNDONE = """
DROP FUNCTION holders_of(text[], bytea[]);
DROP FUNCTION sees_nation(text);
DROP FUNCTION open_persons();
DROP FUNCTION seen_centres();
DROP FUNCTION acting_user();
DROP FUNCTION acting();
DROP FUNCTION signed_context();
DROP FUNCTION transaction_mark();
DROP TABLE registry_contextkey;
"""


class Migration(migrations.Migration):
    """Its keys are stored, and the policies made, by `manage.py make_roles`."""

    dependencies = [("registry", "0046_facts_apart")]

    operations = [migrations.RunSQL(FUNCTIONS, UNDONE)]
