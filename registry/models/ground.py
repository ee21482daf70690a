"""What infusions rest on in the lists that administrators keep, held by triggers on every path.

A change under rows is refused until whoever makes it has seen them and settles it (entry/ground.py), and
where it would make rows untrue it is refused for good: the rows are corrected first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pgtrigger

ENTRY_LOCK = 7201  # held shared by single entries, and alone by an import and by a change of a list
SETTLES = "swecar.settles"  # table:id of the row of a list whose change is settled in this transaction

WAIT = f"PERFORM pg_advisory_xact_lock({ENTRY_LOCK}); RETURN NULL;"
KEEP = """
{forbidden}
IF current_setting('{settles}', true) IS DISTINCT FROM '{table}:' || OLD.id
   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.{column} = OLD.id) THEN
    RAISE EXCEPTION 'infusions rest on this row of {table}: settle the change'
    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_is_settled';
END IF;
RETURN NEW;
"""
FORBID = """
IF OLD.{name} IS DISTINCT FROM NEW.{name}
   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.{column} = OLD.id AND ({rows})) THEN
    RAISE EXCEPTION 'this would make infusions untrue'
    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_{name}_keeps_rows_true';
END IF;
"""


@dataclass(frozen=True)
class Ground:
    """Of one list: the infusions' column that refers to it, the fields that infusions rest on, and the others.

    forbidden: by field, an SQL condition on `infusion`, `old` and `new` for rows that the change would
    make untrue.
    """

    table: str
    column: str
    settled: Sequence[str]
    free: Sequence[str]
    forbidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def triggers(self) -> list[pgtrigger.Trigger]:
        """A change or deletion waits for entries under way, and is then held against what they have stored."""
        names = {"table": self.table, "column": self.column, "settles": SETTLES}
        forbidden = "".join(FORBID.format(name=name, rows=rows, **names) for name, rows in self.forbidden.items())
        return [
            pgtrigger.Trigger(
                name="waits_for_entries",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=WAIT,
            ),
            pgtrigger.Trigger(
                name="keeps_ground",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*self.settled),
                func=KEEP.format(forbidden=forbidden, **names),
            ),
        ]


CENTRE = Ground(
    table="registry_centre",
    column="centre_id",
    # By the county reserve numbers are read, and by the code the centre's own pseudonyms.
    settled=("code", "county_code", "region", "status"),
    free=(
        "name", "city_sv", "city_en", "county", "latitude", "longitude", "position", "hsa_id", "ebmt_code",
    ),
    forbidden={
        "code": "true",
        "status": "new.status = 'upcoming' AND infusion.status = 'submitted'",
    },
)  # fmt: skip
MANUFACTURING_SITE = Ground(
    table="registry_manufacturingsite",
    column="manufacturing_site_id",
    settled=("code", "centre"),
    free=("name",),
)
PRODUCT = Ground(
    table="registry_product",
    column="product_id",
    settled=(
        "name", "inn", "atc", "target", "modality", "origin", "authorised_on", "authorised_precision",
        "planned_doses", "dose_interval_days", "longest_dose_interval_days",
    ),
    free=("holder", "unconfirmed", "position"),
)  # fmt: skip
INDICATION = Ground(
    table="registry_indication",
    column="indication_id",
    settled=("key", "icd10"),
    free=("name_sv", "name_en", "unconfirmed", "position"),
)
TRIAL = Ground(
    table="registry_trial",
    column="trial_id",
    settled=("identifier", "sponsor"),
    free=("name", "sponsor_name", "phase"),
    forbidden={
        "sponsor": "infusion.status = 'submitted' AND old.sponsor ="
        " CASE infusion.category WHEN 'ACT' THEN 'academic' WHEN 'ICT' THEN 'industry' END",
    },
)
