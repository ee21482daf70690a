"""Possible duplicates: different identifiers, but the same sex, year of birth and product on near dates."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction
from registry.models import Patient
from registry.models.access_log import log_persons

NEAR_DAYS = 30  # between the two dates, or their periods where they are vague
MOST_PAIRS = 50

# An unknown value matches any: an unknown sex is expanded to both, and an unknown year of birth to the two years
# that the age at an infusion allows. Near dates share a period of thirty days once one of them is widened. So all
# comparisons are equalities, and a hash join finds the pairs.
PAIRS = """
WITH step AS (
    SELECT infusion.patient_id, product_id, infused_on AS begins,
           CASE date_precision
               WHEN 'day' THEN infused_on
               WHEN 'month' THEN (infused_on + interval '1 month - 1 day')::date
               ELSE (infused_on + interval '1 year - 1 day')::date
           END AS ends,
           possible.sex, born.year
    FROM registry_infusion AS infusion
    JOIN registry_patient AS patient ON patient.id = infusion.patient_id
    CROSS JOIN LATERAL unnest(
        CASE patient.sex WHEN 'unknown' THEN ARRAY['female', 'male'] ELSE ARRAY[patient.sex] END) AS possible (sex)
    CROSS JOIN LATERAL unnest(
        CASE WHEN patient.birth_year IS NULL
             THEN ARRAY[extract(year FROM infused_on)::integer - age_at_infusion - 1,
                        extract(year FROM infused_on)::integer - age_at_infusion]
             ELSE ARRAY[patient.birth_year::integer] END) AS born (year)
    WHERE infusion.status = 'submitted'
), placed AS (
    SELECT step.*, month FROM step
    CROSS JOIN LATERAL generate_series((begins - date '1900-01-01') / 30, (ends - date '1900-01-01') / 30) AS month
), widened AS (
    SELECT step.*, month FROM step
    CROSS JOIN LATERAL generate_series(
        (begins - %(near)s - date '1900-01-01') / 30, (ends + %(near)s - date '1900-01-01') / 30) AS month
), pair AS (
    SELECT one.patient_id AS one, other.patient_id AS other,
           min(greatest(other.begins - one.ends, one.begins - other.ends, 0)) AS days,
           count(DISTINCT one.product_id) AS products
    FROM widened AS one
    JOIN placed AS other USING (product_id, sex, year, month)
    WHERE one.patient_id < other.patient_id
      AND other.begins <= one.ends + %(near)s AND one.begins <= other.ends + %(near)s
    GROUP BY one.patient_id, other.patient_id
), kinds AS (
    SELECT patient_id, array_agg(type) AS types FROM registry_patientidentifier GROUP BY patient_id
)
SELECT one, other, days, products
FROM pair
LEFT JOIN kinds AS mine ON mine.patient_id = one
LEFT JOIN kinds AS theirs ON theirs.patient_id = other
ORDER BY coalesce(mine.types && theirs.types, false), products DESC, days, one, other
LIMIT %(most)s
"""


@dataclass(frozen=True)
class Pair:
    """Two persons who may be the same. days: between their nearest infusions of one product."""

    one: Patient
    other: Patient
    days: int
    products: int

    def types(self) -> Mapping[str, list]:
        """The types of identifier of each."""
        return {
            name: sorted(str(identifier.get_type_display()) for identifier in person.identifiers.all())
            for name, person in (("one", self.one), ("other", self.other))
        }


def find_doubles(*, by: Actor) -> list[Pair]:
    """The most likely pairs, at most MOST_PAIRS, ordered by: identifiers of different types (a person whose
    reserve or coordination number was replaced), most products in common, nearest dates.

    Showing the persons is logged. Raises NotPermitted.
    """
    require(by, Permission.MERGE_PATIENTS)
    with connection.cursor() as cursor:
        cursor.execute(PAIRS, {"near": NEAR_DAYS, "most": MOST_PAIRS})
        rows = cursor.fetchall()
    keys = {key for one, other, *_rest in rows for key in (one, other)}
    visible = Patient.objects.visible_to(by, Permission.MERGE_PATIENTS)
    persons = visible.prefetch_related("identifiers").in_bulk(keys)
    with acting_as(by):
        log_persons(
            by=by, action=AccessAction.READ, numbers=sorted(person.registry_number for person in persons.values())
        )
    return [
        Pair(persons[one], persons[other], days, products)
        for one, other, days, products in rows
        if one in persons and other in persons
    ]
