"""What is kept of the search for possible double persons, and whose pairs have to be searched for again."""

import pgtrigger
from django.db import models
from django.db.models import Q

MOST_MARKED = 1000  # rows changed by one statement; for more, one mark stands for all persons
MARK = f"""
INSERT INTO registry_changedperson (patient)
WITH changed AS MATERIALIZED ({{persons}}),
     few AS (SELECT count(*) <= {MOST_MARKED} AS are FROM (SELECT FROM changed LIMIT {MOST_MARKED + 1}) AS several)
SELECT DISTINCT CASE WHEN few.are THEN changed.patient_id END FROM changed, few;
RETURN NULL;
"""
OLD, NEW = pgtrigger.Referencing(old="old_values"), pgtrigger.Referencing(new="new_values")
BOTH = pgtrigger.Referencing(old="old_values", new="new_values")


class PossibleDoubles(models.Model):
    """A single row, or none before the first search (entry/patients/duplicates.py, which alone reads it)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    # The likeliest pairs, in order, each as its rank; null: all persons have to be searched.
    pairs = models.JSONField(null=True)
    # The rank up to which no pair is missing among them; null: none is missing.
    known_to = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="possible_doubles_is_one_row", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return "searched" if self.pairs is not None else "not searched"


class ChangedPerson(models.Model):
    """A change after which a person's pairs have to be searched for again. Only triggers write it.

    A row for each change, although one for each person would do: the search that removes a row has seen that
    change, and not one that is committed later.
    """

    # The key, without a reference: the person may be deleted. Null: all persons.
    patient = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return str(self.patient)


def marks_changed_persons() -> list[pgtrigger.Trigger]:
    """Triggers of a table that refers to persons: each change marks the persons of its rows."""
    return [
        _mark("insert", pgtrigger.Insert, NEW, "SELECT patient_id FROM new_values"),
        _mark(
            "update",
            pgtrigger.Update,
            BOTH,
            "SELECT patient_id FROM old_values UNION ALL SELECT patient_id FROM new_values",
        ),
        _mark("delete", pgtrigger.Delete, OLD, "SELECT patient_id FROM old_values"),
        pgtrigger.Trigger(
            name="forgets_doubles",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Truncate,
            func="INSERT INTO registry_changedperson (patient) VALUES (NULL); RETURN NULL;",
        ),
    ]


def marks_changed_traits() -> pgtrigger.Trigger:
    """The trigger of persons: one whose sex or year of birth changes is marked.

    A person without infusions is in no pair, so that one who is new or deleted need not be.
    """
    return _mark(
        "update",
        pgtrigger.Update,
        BOTH,
        "SELECT id AS patient_id FROM (SELECT id, sex, birth_year FROM old_values"
        " EXCEPT ALL SELECT id, sex, birth_year FROM new_values) AS traits",
    )


def marks_changed_pairs() -> list[pgtrigger.Trigger]:
    """Triggers of a table of pairs: each change marks the persons of its rows."""
    both = "SELECT one_id AS patient_id FROM {0} UNION SELECT other_id FROM {0}".format
    return [
        _mark("insert", pgtrigger.Insert, NEW, both("new_values")),
        _mark("update", pgtrigger.Update, BOTH, both("new_values")),
        _mark("delete", pgtrigger.Delete, OLD, both("old_values")),
    ]


def _mark(
    name: str, operation: pgtrigger.core.Operation, tables: pgtrigger.Referencing, persons: str
) -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name=f"marks_person_{name}",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=tables,
        func=MARK.format(persons=persons),
    )
