from importlib import import_module

from django.db import migrations

# Numbers that no person has or had, as far as anything that is kept names them, in no order. They have eight digits,
# 210000 to 989999 and the two check digits. They begin as no year does, and their third and fifth digit are none of a
# month's: whatever stands beside it, a number is not taken for a date or an identity number (98: numbers with 99 are
# Stockholm's). Where nine of ten are taken they become longer.
NEW_NUMBERS = """
CREATE FUNCTION new_registry_numbers(wanted bigint) RETURNS SETOF bigint LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off  -- a plan made while the tables were small is kept while they grow
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
DECLARE
    given bigint[] := '{}';
    free bigint[];
    wider bigint := 1;
    tries bigint := 0;
    hits bigint := 0;
BEGIN
    WHILE wanted > 0 LOOP
        WITH chances AS MATERIALIZED (  -- unlike random(), not to be foretold from earlier numbers
            SELECT place, uuid_send(gen_random_uuid()) AS chance
            FROM generate_series(1, wanted, 2) AS place
        ), draws AS MATERIALIZED (  -- two of each: its 7th and 9th byte are not all chance
            SELECT place + half AS place, get_byte(chance, 7 + 8 * half) % wider AS further,
                   ('x' || encode(substr(chance, 1 + 9 * half, 6), 'hex'))::bit(48)::bigint % 499200 AS drawn
            FROM chances, generate_series(0, 1) AS half
        ), bases AS MATERIALIZED (
            SELECT place, 100 * (further + wider * (
                (21 + drawn / 6400) * 10000 + (2 + drawn % 6400 / 800) * 1000 + drawn % 800 / 80 * 100
                + (2 + drawn % 80 / 10) * 10 + drawn % 10)) AS base
            FROM draws
        ), apart AS MATERIALIZED (
            SELECT number, min(place) AS place
            FROM (SELECT base + 98 - base % 97, place FROM bases UNION ALL SELECT unnest(given), 0) AS known (number, place)
            GROUP BY number HAVING min(place) > 0
        )
        SELECT coalesce(array_agg(number ORDER BY place), '{}') INTO free FROM apart
        WHERE NOT EXISTS (SELECT FROM registry_patient WHERE registry_number = number)
          AND NOT EXISTS (SELECT FROM registry_accesslog WHERE patient = number)
          AND NOT EXISTS (SELECT FROM registry_patienthistory WHERE registry_number = number);
        tries := tries + wanted;
        hits := hits + cardinality(free);
        free := free[:wanted];
        RETURN QUERY SELECT unnest(free);
        given := given || free;
        wanted := wanted - cardinality(free);
        IF tries >= 50 THEN
            IF hits * 10 < tries THEN
                wider := wider * 10;
            END IF;
            tries := 0;
            hits := 0;
        END IF;
    END LOOP;
END $$;
"""
NEW_NUMBER = """
CREATE OR REPLACE FUNCTION new_registry_number() RETURNS bigint LANGUAGE sql VOLATILE
AS 'SELECT new_registry_numbers(1)'
"""
EARLIER_NUMBER = import_module("registry.migrations.0001_squashed_0028").NEW_NUMBER.replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"
)


class Migration(migrations.Migration):
    dependencies = [("registry", "0036_infusion_by_day")]
    operations = [
        migrations.RunSQL(NEW_NUMBERS, "DROP FUNCTION new_registry_numbers(bigint)"),
        migrations.RunSQL(NEW_NUMBER, EARLIER_NUMBER),
    ]
