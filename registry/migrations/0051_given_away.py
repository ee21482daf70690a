"""What an import asks of other centres' rows: only which of the actor's own are theirs now."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION given_away(persons bigint[])
RETURNS TABLE (patient_id bigint, infused_on date, date_precision text, sequence integer, product_id bigint)
LANGUAGE sql STABLE PARALLEL RESTRICTED SECURITY DEFINER SET search_path = public, pg_temp AS $$
    WITH own AS MATERIALIZED (SELECT seen_centres() AS centres)
    SELECT given.patient_id, was.infused_on, was.date_precision, was.sequence, was.product_id
    FROM own, registry_infusion AS given JOIN registry_infusionhistory AS was ON was.pgh_obj_id = given.id
    WHERE given.patient_id = ANY(persons) AND given.centre_id <> ALL(own.centres)
      AND was.centre_id = ANY(own.centres)
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0050_marks_of_key_and_lineage")]

    operations = [migrations.RunSQL(FUNCTION, "DROP FUNCTION given_away(bigint[])")]
