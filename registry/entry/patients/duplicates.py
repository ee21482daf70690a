"""Possible duplicates: different identifiers, but the same sex, year of birth and product on near dates.

The likeliest pairs are kept (registry/models/possible_doubles.py), and only those of persons who have changed
since are searched for again (docs/decisions/0032-possible-doubles-are-kept.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db import connection, transaction

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction, IdentifierType, Sex
from registry.models import Patient, PossibleDoubles
from registry.models.access_log import log_persons

NEAR_DAYS = 30  # between the two dates, or their periods where they are vague
MOST_PAIRS = 50  # on a page
KEPT = 500  # pairs; so many, that MOST_PAIRS are left when persons have changed
FEW = 1000  # changed persons; for more, a search among all takes no longer

# A pair's place in the list: 1 if both have an identifier of one type, and 2 if both have a personal identity
# number and are at one centre, which tells them apart itself; products in common as a negative number, days
# between, keys of the two. A pair that the steward has decided to keep apart is in no list.
Rank = list[int]

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
), places AS (
    SELECT patient_id, array_agg(DISTINCT centre_id) AS centres FROM registry_infusion
    WHERE status = 'submitted' GROUP BY patient_id
)
SELECT CASE WHEN 'personal' = ANY(mine.types) AND 'personal' = ANY(theirs.types) AND here.centres && there.centres
            THEN 2 ELSE coalesce(mine.types && theirs.types, false)::integer END, -products, days, one, other
FROM pair
LEFT JOIN kinds AS mine ON mine.patient_id = one
LEFT JOIN kinds AS theirs ON theirs.patient_id = other
JOIN places AS here ON here.patient_id = one
JOIN places AS there ON there.patient_id = other
WHERE NOT EXISTS (SELECT FROM registry_keptapart AS apart
                  WHERE apart.one_id = one AND apart.other_id = other AND ended_at IS NULL)
ORDER BY 1, 2, 3, 4, 5
LIMIT %(most)s
"""
# The same for some persons. With OFFSET 0 each infusion's neighbours are found by the index of days and products.
# A period that holds the first of the days searched begins before it, with its month or its year.
PAIRS_OF = """
WITH step AS NOT MATERIALIZED (
    SELECT patient_id, product_id, infused_on AS begins,
           extract(year FROM infused_on)::integer - age_at_infusion AS born,
           CASE date_precision
               WHEN 'day' THEN infused_on
               WHEN 'month' THEN (infused_on + interval '1 month - 1 day')::date
               ELSE (infused_on + interval '1 year - 1 day')::date
           END AS ends
    FROM registry_infusion
    WHERE status = 'submitted'
), pair AS (
    SELECT least(mine.patient_id, theirs.patient_id) AS one, greatest(mine.patient_id, theirs.patient_id) AS other,
           min(greatest(theirs.begins - mine.ends, mine.begins - theirs.ends, 0)) AS days,
           count(DISTINCT mine.product_id) AS products
    FROM step AS mine
    JOIN registry_patient AS person ON person.id = mine.patient_id
    CROSS JOIN LATERAL (SELECT mine.begins - %(near)s AS day) AS earliest
    CROSS JOIN LATERAL (
        SELECT * FROM step
        WHERE product_id = mine.product_id AND begins BETWEEN earliest.day AND mine.ends + %(near)s
        UNION ALL
        SELECT * FROM step
        WHERE product_id = mine.product_id AND begins < earliest.day AND ends >= earliest.day
          AND begins IN (date_trunc('month', earliest.day::timestamp)::date,
                         date_trunc('year', earliest.day::timestamp)::date)
        OFFSET 0
    ) AS theirs
    JOIN registry_patient AS neighbour ON neighbour.id = theirs.patient_id
    WHERE mine.patient_id = ANY(%(persons)s)
      AND theirs.patient_id <> mine.patient_id
      AND (neighbour.sex = person.sex OR 'unknown' IN (neighbour.sex, person.sex))
      AND coalesce(neighbour.birth_year, theirs.born - 1) <= coalesce(person.birth_year, mine.born)
      AND coalesce(neighbour.birth_year, theirs.born) >= coalesce(person.birth_year, mine.born - 1)
    GROUP BY 1, 2
)
SELECT EXISTS (
           SELECT FROM registry_patientidentifier AS mine JOIN registry_patientidentifier AS theirs USING (type)
           WHERE mine.patient_id = one AND theirs.patient_id = other
       )::integer + (EXISTS (
           SELECT FROM registry_patientidentifier AS mine JOIN registry_patientidentifier AS theirs USING (type)
           WHERE mine.patient_id = one AND theirs.patient_id = other AND type = 'personal'
       ) AND EXISTS (
           SELECT FROM registry_infusion AS here JOIN registry_infusion AS there USING (centre_id, status)
           WHERE here.patient_id = one AND there.patient_id = other AND status = 'submitted'
       ))::integer, -products, days, one, other
FROM pair
WHERE NOT EXISTS (SELECT FROM registry_keptapart AS apart
                  WHERE apart.one_id = one AND apart.other_id = other AND ended_at IS NULL)
"""
# One statement, so that no change is removed that is not told.
TAKE_CHANGED = """
WITH taken AS (DELETE FROM registry_changedperson RETURNING patient)
SELECT DISTINCT patient FROM taken LIMIT %s
"""


@dataclass(frozen=True)
class Pair:
    """Two persons who may be the same. days: between their nearest infusions of one product."""

    one: Patient
    other: Patient
    days: int
    products: int

    @cached_property
    def types(self) -> Mapping[str, list[str]]:
        """The types of identifier of each."""
        return {
            name: sorted(str(IdentifierType(identifier.type).label) for identifier in person.identifiers.all())
            for name, person in (("one", self.one), ("other", self.other))
        }

    @cached_property
    def sexes(self) -> Mapping[str, str]:
        """The sex of each."""
        return {name: str(Sex(person.sex).label) for name, person in (("one", self.one), ("other", self.other))}


@dataclass(frozen=True)
class Listed:
    """A page of the list. are_all: whether no pair is missing in the whole of it."""

    page: Page
    pairs: Sequence[Pair]
    are_all: bool


def find_doubles(*, by: Actor, page: str | int = 1) -> Listed:
    """A page of the most likely pairs, ordered by: identifiers of different types (a person whose reserve or
    coordination number was replaced), two personal numbers at one centre last, most products in common, nearest
    dates.

    Showing the persons is logged. Raises NotPermitted.
    """
    require(by, Permission.MERGE_PATIENTS)
    with acting_as(by):
        kept = update_doubles()
        listed = Paginator(kept.pairs or [], MOST_PAIRS).get_page(page)
        ranks = list(listed.object_list)
        keys = {key for *_likeness, one, other in ranks for key in (one, other)}
        visible = Patient.objects.visible_to(by, Permission.MERGE_PATIENTS)
        persons = visible.prefetch_related("identifiers").in_bulk(keys)
        log_persons(
            by=by, action=AccessAction.READ, numbers=sorted(person.registry_number for person in persons.values())
        )
    pairs = [
        Pair(persons[one], persons[other], days, -products)
        for _alike, products, days, one, other in ranks
        if one in persons and other in persons
    ]
    return Listed(listed, pairs, kept.known_to is None)


@transaction.atomic(savepoint=False)
def update_doubles() -> PossibleDoubles:
    """The row with the kept pairs, likeliest first, after a search for those of persons who have changed.

    At least MOST_PAIRS are kept, if there are so many. By the sweep, and whenever they are shown.
    """
    found = PossibleDoubles.objects.select_for_update()
    if (kept := found.first()) is None:
        PossibleDoubles.objects.bulk_create([PossibleDoubles()], ignore_conflicts=True)
        kept = found.get()
    with connection.cursor() as cursor:
        cursor.execute(TAKE_CHANGED, [FEW + 1])
        changed = [person for (person,) in cursor.fetchall()]
    if kept.pairs is not None and not changed:
        return kept
    many = None in changed or len(changed) > FEW
    if kept.pairs is None or many or not _search_again(kept, changed):
        kept.pairs = _search(PAIRS, most=KEPT)
        kept.known_to = kept.pairs[-1] if len(kept.pairs) == KEPT else None
    kept.save(force_update=True)
    return kept


def _search_again(kept: PossibleDoubles, changed: Sequence[int]) -> bool:
    """Replace the pairs of these persons; False if too few pairs are left to know which are the likeliest."""
    gone = set(changed)
    stay = [rank for rank in kept.pairs or () if gone.isdisjoint(rank[-2:])]
    pairs = sorted(stay + _search(PAIRS_OF, persons=list(changed)))
    if kept.known_to:
        pairs = [rank for rank in pairs if rank <= kept.known_to]
    if kept.known_to and len(pairs) < MOST_PAIRS:
        return False
    if len(pairs) > KEPT:
        pairs = pairs[:KEPT]
        kept.known_to = pairs[-1]
    kept.pairs = pairs
    return True


def _search(statement: str, **values: int | list[int]) -> list[Rank]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"near": NEAR_DAYS, **values})
        return [list(row) for row in cursor.fetchall()]
