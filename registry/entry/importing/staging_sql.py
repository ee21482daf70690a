"""The SQL of staging: temporary tables, set-wise judging, storing. Columns by name (infusions/columns.py)."""

from registry.entry.infusions.columns import LISTED, STORED
from registry.identity_keys import DIGEST_BYTES
from registry.models.access_log import ONE_SALT, UNIT
from registry.models.trial import sponsor_of

# What identifies a person's infusion, and its kind, are compared separately (course.py).
WHAT = {"kind", "product", "infused_on", "date_precision", "sequence"}


def declare(columns: dict[str, str]) -> str:
    """Columns with their types, for a declaration."""
    return ", ".join(f"{name} {type_}" for name, type_ in columns.items())


WORDS = tuple(column for column in STORED if column.name not in LISTED)
LISTS = tuple(column for column in STORED if column.name in LISTED)
# The values of a row besides its digests.
KEPT = {"identifier_type": "text", "birth_year": "int4", "sex": "text"}
KEPT |= {column.key: column.sql for column in (*WORDS, *LISTS)}
PROBLEM = {"line": "int4", "field": "text", "code": "text", "sentence": "text", "warning": "bool"}
STAGED = {
    "import_row": {"line": "int4", "chain": "bytea", "person": "bytea", "birth_digest": "bytea"} | KEPT,
    "import_unread": {"line": "int4", "chain": "bytea"},
    "import_problem": PROBLEM,
    "import_verdict": {"line": "int4", "kind": "text"},
    "import_person": {
        "person": "bytea",
        "chain": "bytea",
        "type": "text",
        "born": "bytea",
        "born_in": "int4",
        "said_sex": "text",
        "is_new": "bool",
        "elsewhere": "bool",
        "is_alone": "bool",
        "patient_id": "int8",
        "has_sex_by_number": "bool",
    },
}
INFUSION = ", ".join(column.key for column in STORED)
INFUSION_WITHOUT_KIND = ", ".join(column.key for column in STORED if column.name != "kind")
DETAILS = ", ".join(column.key for column in STORED if column.name not in WHAT)

TABLES = "".join(f"CREATE TEMPORARY TABLE {table} ({declare(columns)});\n" for table, columns in STAGED.items())

# The newest digest of a chain, by which a person is known within a file.
PERSON = f"substr(chain, length(chain) - {DIGEST_BYTES - 1})"


# The stored patient of a row `staged`, matched by a digest at any step of the chain; keys: identity_keys.key_ids.
KNOWN = f"""
LEFT JOIN LATERAL (
    SELECT stored.patient_id
    FROM unnest(%(keys)s::text[]) WITH ORDINALITY AS step (key_id, place)
    JOIN registry_patientidentifier AS stored
      ON stored.digest = substr(staged.chain, 1 + {DIGEST_BYTES} * (step.place::integer - 1), {DIGEST_BYTES})
     AND stored.key_id = step.key_id
    LIMIT 1
) AS known ON true
"""


# The persons of the file: matched by a digest at any step of the chain, or new, with a key from the sequence
# already, so that one column identifies the person of a row. The sequence's name is looked up once and not per
# person. Of records at centres other than %(own)s (NULL: all are own), only their existence is read: `elsewhere`.
# What is stored of a new person is taken here too: said_sex is from the earliest row that states one (a later row
# that differs has a warning), and all rows of a person agree in the others.
PERSONS = f"""
INSERT INTO import_person
SELECT staged.person, staged.chain, staged.type, staged.born, staged.born_in, staged.said_sex,
       known.patient_id IS NULL AS is_new,
       EXISTS (SELECT FROM registry_infusion AS stored
               WHERE stored.patient_id = known.patient_id AND stored.status = %(submitted)s
                 AND stored.centre_id <> ALL(%(own)s::bigint[])) AS elsewhere,
       known.patient_id IS NULL AND staged.rows = 1 AS is_alone,
       coalesce(known.patient_id, nextval(
           (SELECT pg_get_serial_sequence('registry_patient', 'id')::regclass))) AS patient_id,
       EXISTS (SELECT FROM registry_patientidentifier AS number
               WHERE number.patient_id = known.patient_id AND number.type = ANY(%(say_sex)s)) AS has_sex_by_number
FROM (
    SELECT DISTINCT ON (person) person, chain, identifier_type AS type, birth_digest AS born,
           birth_year AS born_in, sex AS said_sex, count(*) OVER (PARTITION BY person) AS rows
    FROM import_row ORDER BY person, sex = 'unknown', infused_on, sequence
) AS staged
{KNOWN};
ANALYZE import_row (line, person);
ANALYZE import_person (person, patient_id);
"""


COURSES = f"""
SELECT patient_id, elsewhere, infused_on, date_precision, sequence, line, status, kind, product_id::text, sex,
       planned_doses, coalesce(longest_dose_interval_days, 0), coalesce(indication_id::text, ''), {DETAILS}
FROM (
    SELECT patient_id, elsewhere, line, NULL AS status, sex, {INFUSION}
    FROM import_row JOIN import_person USING (person)
    WHERE NOT is_alone
    UNION ALL
    SELECT patient_id, elsewhere, NULL AS line, status,
           CASE WHEN %(own)s::bigint[] IS NULL OR has_sex_by_number THEN registry_patient.sex ELSE coalesce((
               SELECT said.sex_stated FROM registry_infusion AS said
               WHERE said.patient_id = registry_patient.id AND said.centre_id = ANY(%(own)s::bigint[])
                 AND said.sex_stated <> 'unknown'
               ORDER BY said.created_at, said.infused_on, said.sequence, said.id LIMIT 1), 'unknown') END AS sex,
           {INFUSION}
    FROM registry_infusion JOIN registry_patient ON registry_patient.id = patient_id
    JOIN (SELECT DISTINCT patient_id, elsewhere, has_sex_by_number FROM import_person WHERE NOT is_new) AS known
         USING (patient_id)
    WHERE status = ANY(%(statuses)s) AND (%(own)s::bigint[] IS NULL OR centre_id = ANY(%(own)s::bigint[]))
) AS course
JOIN registry_product ON registry_product.id = product_id
ORDER BY patient_id
"""


# Keys are stored in ascending order, since appending to an index is fastest.
STORE_PATIENTS = """
INSERT INTO registry_patient (id, registry_number, sex, birth_year, created_at)
SELECT patient_id, number, said_sex, born_in, now()
FROM (
    SELECT patient_id, said_sex, born_in, row_number() OVER (ORDER BY patient_id) AS place
    FROM import_person WHERE is_new
) AS new
JOIN new_registry_numbers((SELECT count(*) FROM import_person WHERE is_new))
     WITH ORDINALITY AS drawn (number, place) USING (place)
ORDER BY patient_id
"""


# The file may state the sex of a person whose sex was not known, or was stated only with infusions since withdrawn
# at other centres, unless a number gives it.
FILL_SEX = """
UPDATE registry_patient AS patient SET sex = stated.sex
FROM (
    SELECT patient_id,
           coalesce((array_agg(sex ORDER BY infused_on, sequence) FILTER (WHERE sex <> 'unknown'))[1], 'unknown')
               AS sex
    FROM import_row JOIN import_person USING (person) JOIN import_verdict USING (line)
    WHERE NOT is_new
    GROUP BY patient_id
) AS stated
WHERE patient.id = stated.patient_id AND patient.sex <> stated.sex AND (patient.sex = 'unknown' OR NOT EXISTS (
    SELECT FROM registry_infusion AS there
    WHERE there.patient_id = patient.id
      AND (there.status = %(submitted)s OR %(own)s::bigint[] IS NULL OR there.centre_id = ANY(%(own)s::bigint[])))
  AND NOT EXISTS (
    SELECT FROM registry_patientidentifier AS number
    WHERE number.patient_id = patient.id AND number.type = ANY(%(tells)s)))
"""


STORE_IDENTIFIERS = f"""
INSERT INTO registry_patientidentifier (patient_id, type, key_id, digest, birth_digest)
SELECT patient_id, type, %(current_key)s, {PERSON}, born
FROM import_person
WHERE is_new
ORDER BY patient_id
"""


# The access log gets a line for each infusion.
STORE_INFUSIONS = f"""
WITH stored AS (
INSERT INTO registry_infusion (id, patient_id, kind, status, sex_stated, created_at, {INFUSION_WITHOUT_KIND})
SELECT gen_random_uuid(), patient_id, import_verdict.kind, %(submitted)s, sex, now(), {INFUSION_WITHOUT_KIND}
FROM import_row JOIN import_person USING (person) JOIN import_verdict USING (line)
ORDER BY patient_id, infused_on, sequence
RETURNING id, patient_id, centre_id)
INSERT INTO registry_accesslog (salt, at, actor, unit, action, patient, infusion, detail)
SELECT {ONE_SALT}, now(), %(actor)s, {UNIT}, %(imported)s, registry_number, stored.id, ''
FROM stored
JOIN registry_patient AS patient ON patient.id = stored.patient_id
JOIN registry_centre AS centre ON centre.id = stored.centre_id
"""


# Rows that were accepted when the file was read, and refer to code list rows that have changed since.
LISTS_CHANGED = f"""
INSERT INTO import_problem (line, field, code, sentence, warning)
SELECT line, 'row', %(code)s, %(sentence)s, false
FROM import_row
LEFT JOIN registry_centre AS centre ON centre.id = centre_id
LEFT JOIN registry_trial AS trial ON trial.id = trial_id
WHERE line NOT IN (SELECT line FROM import_problem WHERE NOT warning)
  AND (centre.id IS NULL OR centre.status = 'upcoming'
       OR trial_id IS NOT NULL AND trial.id IS NULL
       OR trial.sponsor <> {sponsor_of("category")}
       OR product_id NOT IN (SELECT id FROM registry_product)
       OR indication_id NOT IN (SELECT id FROM registry_indication)
       OR manufacturing_site_id NOT IN (SELECT id FROM registry_manufacturingsite))
"""
