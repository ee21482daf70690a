"""Persons who may be one: another identifier, but the same sex, year of birth and product on near dates."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import connection

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction
from registry.models import Patient
from registry.models.access_log import log_persons

NEAR_DAYS = 30  # Between the two dates, or the periods where less is known of them.
MOST_PAIRS = 50

# What a person does not say matches any: an unknown sex stands here for both, and where the year of
# birth is unknown, both years that the age at an infusion leaves open. Near dates share a month of
# thirty days once one of them is widened. So all comparisons are of equals, and hashing finds the pairs.
PAIRS = """
WITH step AS (
    SELECT infusion.patient_id, product_id, infused_on AS begins,
           CASE date_precision
               WHEN 'day' THEN infused_on
               WHEN 'month' THEN (infused_on + interval '1 month - 1 day')::date
               ELSE (infused_on + interval '1 year - 1 day')::date
           END AS ends,
           said.sex, born.year
    FROM registry_infusion AS infusion
    JOIN registry_patient AS patient ON patient.id = infusion.patient_id
    CROSS JOIN LATERAL unnest(
        CASE patient.sex WHEN 'unknown' THEN ARRAY['female', 'male'] ELSE ARRAY[patient.sex] END) AS said (sex)
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
SELECT one, other, days, products, coalesce(mine.types && theirs.types, false) AS alike
FROM pair
LEFT JOIN kinds AS mine ON mine.patient_id = one
LEFT JOIN kinds AS theirs ON theirs.patient_id = other
ORDER BY alike, products DESC, days, one, other
LIMIT %(most)s
"""


@dataclass(frozen=True)
class Pair:
    """Two persons who may be one. days: between the nearest infusions of one product."""

    one: Patient
    other: Patient
    days: int
    products: int
    alike: bool  # both have an identifier of one type, as two persons do

    def types(self) -> Mapping[str, list]:
        """What kinds of identifier each has."""
        return {
            name: sorted(str(one.get_type_display()) for one in person.identifiers.all())
            for name, person in (("one", self.one), ("other", self.other))
        }


def find_doubles(*, by: Actor) -> list[Pair]:
    """The most likely pairs, at most MOST_PAIRS: unlike identifiers first (a person who had a reserve or
    coordination number and got another), then the more products in common, then the nearer dates.

    That their persons were shown is logged. Raises NotPermitted.
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
            by=by, action=AccessAction.READ, numbers=sorted(one.registry_number for one in persons.values())
        )
    return [
        Pair(persons[one], persons[other], days, products, alike)
        for one, other, days, products, alike in rows
        if one in persons and other in persons
    ]
