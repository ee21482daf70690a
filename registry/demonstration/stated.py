"""What the report of Stockholm and Uppsala states of the hospital exemption and of manufacture, and the population
of its year (ATMP.md, "Worked example").
"""

from datetime import date

from registry.access import Operator, acting_as
from registry.choices import ManufacturedClass
from registry.demonstration.trials import REPORT
from registry.entry.trials.statements import Origin, state_exemption, state_manufacturing
from registry.models import Centre, ExemptionYear, ManufacturingSite, ManufacturingStatement, Population
from registry.sentences import DEMONSTRATION

THROUGH = date(2025, 5, 31)
VECURA = {
    "batches": 192, "dose_preparations": 91, "products": 54, "patients": 761, "patients_with_imports": 909,
    "imports": 12, "countries": 11,
}  # fmt: skip
# 17 % of 54 are nine; the text of the report does not have the other classes.
CLASSES: dict[str, int] = {ManufacturedClass.IN_VIVO_GTMP: 9, ManufacturedClass.UNKNOWN: 45}
# Centre, product, first year, patients; the figure's axis begins in 2011, and the text names no year for Karolinska.
EXEMPTIONS = (
    ("UPP", "Keratinocyter", 2016, 50, "Akademiska sjukhuset"),
    ("STO", "Tre produkter, ej namngivna", 2011, 20, "Karolinska universitetssjukhuset"),
)
# Statistics Sweden's table has the country and Stockholm; Uppsala's number is as the newspaper quotes it.
TABLE = "SCB, Folkmängd i riket, län och kommuner 31 december 2024"
POPULATIONS = {
    "00": (10_587_710, TABLE),
    "01": (2_473_307, TABLE),
    "03": (407_912, "SCB, folkmängd 31 december 2024, enligt Håboportalen"),
}


def store_statements() -> None:
    """Store what is not stated yet."""
    operator = Operator()
    with acting_as(operator, reason=DEMONSTRATION):
        for area, (persons, source) in POPULATIONS.items():
            stated = {"persons": persons, "source": source}
            Population.objects.get_or_create(area=area, year=2024, defaults=stated)
        if not ExemptionYear.objects.exists():
            for code, product, first_year, patients, hospital in EXEMPTIONS:
                state_exemption(
                    centre=Centre.objects.get(code=code), product=product, first_year=first_year,
                    year=THROUGH.year, through=THROUGH, patients=patients,
                    origin=Origin(hospital, REPORT, about=True), by=operator,
                )  # fmt: skip
        if not ManufacturingStatement.objects.exists():
            state_manufacturing(
                site=ManufacturingSite.objects.get(code="VECURA"), as_of=THROUGH, counts=VECURA, classes=CLASSES,
                origin=Origin("Vecura, Karolinska universitetssjukhuset", REPORT), by=operator,
            )  # fmt: skip
