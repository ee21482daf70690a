"""The published figure: the numbers that the made-up records add up to."""

from typing import NamedTuple

from registry.demonstration.trials import ACADEMIC_TRIAL, INDUSTRY_TRIAL
from registry.national_lists.rows import ACADEMIC_PRODUCT, TRIAL_PRODUCT


class Cell(NamedTuple):
    """A line of the figure, with the products and the trial of its records."""

    centre: str
    category: str
    first: str
    patients: int
    products: tuple[str, ...]
    reinfusions: int = 0
    further_doses: int = 0
    children: int = 0
    trial: str = ""
    site: str = ""


CELLS = (
    Cell("UME", "SOC", "2023-12", 9, ("Yescarta", "Breyanzi")),
    Cell("UPP", "ACT", "2014", 45, (ACADEMIC_PRODUCT,), further_doses=1, children=2,
         trial=ACADEMIC_TRIAL, site="VECURA"),
    Cell("UPP", "SOC", "2020-11", 38, ("Kymriah", "Yescarta", "Tecartus", "Breyanzi"), children=1),
    Cell("UPP", "ICT", "2023-06", 2, (TRIAL_PRODUCT,), trial=INDUSTRY_TRIAL),
    Cell("STO", "ICT", "2019-08", 17, (TRIAL_PRODUCT,), trial=INDUSTRY_TRIAL),
    Cell("STO", "SOC", "2019-11", 69, ("Kymriah", "Yescarta", "Tecartus", "Breyanzi", "Carvykti"),
         reinfusions=5, children=5),
    Cell("LIN", "SOC", "2020-01", 18, ("Yescarta", "Tecartus")),
    Cell("LIN", "ICT", "2023-04", 2, (TRIAL_PRODUCT,), trial=INDUSTRY_TRIAL),
    Cell("GOT", "SOC", "2020-10", 26, ("Kymriah", "Yescarta", "Tecartus"), children=3),
    Cell("GOT", "ICT", "2022-10", 5, (TRIAL_PRODUCT,), reinfusions=1, trial=INDUSTRY_TRIAL),
    Cell("GOT", "CUP", "2024-02", 1, ("Carvykti",)),
    Cell("LUN", "SOC", "2020-01", 60, ("Kymriah", "Yescarta", "Tecartus", "Abecma"), children=2),
    Cell("LUN", "ICT", "2021-11", 5, (TRIAL_PRODUCT,), trial=INDUSTRY_TRIAL),
)  # fmt: skip
