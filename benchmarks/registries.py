"""Random registries of any size, stored by SQL, since storing them is not measured."""

from django.db import connection

from registry.demonstration.trials import store_trials
from registry.national_lists.storing import store_code_lists

# History and access log refuse to be emptied, but of a session that applies what another server has done.
EMPTY = """
SET session_replication_role = replica;
TRUNCATE registry_infusion, registry_patientidentifier, registry_patient,
         registry_infusionhistory, registry_patienthistory, registry_patientidentifierhistory, registry_accesslog,
         registry_changedperson, registry_possibledoubles, registry_idempotencykey, registry_chainlink
CASCADE;
SET session_replication_role = DEFAULT;
"""
PATIENTS = """
INSERT INTO registry_patient (id, registry_number, sex, created_at)
SELECT place, number, (ARRAY['female', 'male'])[1 + place %% 2], now()
FROM new_registry_numbers(%(patients)s) WITH ORDINALITY AS drawn (number, place)
"""
# Nine patients to ten infusions: one patient in nine is treated again, often at another centre.
INFUSIONS = """
INSERT INTO registry_infusion (
    id, patient_id, centre_id, category, kind, product_id, indication_id, trial_id, infused_on,
    date_precision, sequence, age_at_infusion, batch, status, created_at)
SELECT gen_random_uuid(),
       CASE WHEN number <= %(patients)s THEN number ELSE 1 + number::bigint * 7919 %% %(patients)s END,
       centre.ids[1 + floor(random() * 7)],
       category, kind, product.ids[1 + floor(random() * 7)], NULL,
       CASE category WHEN 'SOC' THEN NULL ELSE trial.id END,
       date '2014-01-01' + (number::bigint * 7919 %% 4000)::integer + 100 * (number > %(patients)s)::integer,
       'day', 1 + (number > %(patients)s)::integer, 3 + floor(random() * 80), '', 'submitted', now()
FROM generate_series(1, %(infusions)s) AS number
CROSS JOIN LATERAL (
    SELECT (ARRAY['SOC', 'SOC', 'SOC', 'ACT', 'ICT', 'CUP'])[1 + floor(random() * 6 + 0 * number)] AS category,
           CASE WHEN number <= %(patients)s THEN 'first'
                ELSE (ARRAY['reinfusion', 'further_dose'])[1 + number %% 2] END AS kind
) AS drawn
CROSS JOIN (SELECT array_agg(id) AS ids FROM registry_centre) AS centre
CROSS JOIN (SELECT array_agg(id) AS ids FROM registry_product) AS product
CROSS JOIN (SELECT min(id) AS id FROM registry_trial) AS trial
"""


def fill(infusions: int) -> None:
    """Replace all records by a random registry of so many infusions."""
    store_code_lists()
    store_trials()
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)
        cursor.execute("SET session_replication_role = replica")  # without triggers
        sizes = {"infusions": infusions, "patients": infusions * 9 // 10}
        cursor.execute(PATIENTS, sizes)
        cursor.execute(INFUSIONS, sizes)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("SELECT setval(pg_get_serial_sequence('registry_patient', 'id'), %(patients)s + 1)", sizes)
        cursor.execute("UPDATE registry_revision SET number = number + 1")
        cursor.execute("VACUUM ANALYZE registry_infusion, registry_patient")  # as autovacuum would within a minute
