"""Names and descriptions of the open data, and the formats of each data set."""

from collections.abc import Mapping

from registry.formats import COUNTS_FORMATS, MAP_FORMATS, Format
from registry.formats.atmp import (
    EXEMPTION_FORMATS,
    MANUFACTURING_FORMATS,
    TRIAL_COUNTS_FORMATS,
    TRIALS_FORMATS,
)

TITLE = {"sv": "CAR-T-behandlingar i Sverige", "en": "CAR-T treatments in Sweden"}


# By name: title, description, formats.
DATASETS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str], Mapping[str, Format]]] = {
    "map": (
        {"sv": "CAR-T-behandlingar per centrum", "en": "CAR-T treatments by centre"},
        {
            "sv": "Patienter, infusioner, reinfusioner och ytterligare doser per behandlande centrum och "
            "kategori, med rikets totaler, ur det nationella registret swecar.",
            "en": "Patients, infusions, reinfusions and further doses by treating centre and category, with "
            "the country's totals, from the national registry swecar.",
        },
        MAP_FORMATS,
    ),
    "counts": (
        {"sv": "CAR-T-behandlingar, valfri tabell", "en": "CAR-T treatments, any table"},
        {
            "sv": "Samma antal fördelade på valfria dimensioner: centrum, kategori, produkt, indikation, "
            "kön, åldersgrupp, region, prövning, år och månad.",
            "en": "The same count by any dimensions: centre, category, product, indication, sex, age group, "
            "region, trial, year and month.",
        },
        COUNTS_FORMATS,
    ),
    "atmp/trials": (
        {"sv": "Kliniska prövningar av avancerade terapier", "en": "Clinical trials of advanced therapies"},
        {
            "sv": "Prövningar av läkemedel för avancerad terapi vid svenska sjukhus, med sponsor, fas, klass, "
            "område och status vid varje sjukhus.",
            "en": "Trials of advanced therapy medicinal products at Swedish hospitals, with sponsor, phase, "
            "class, area and the status at each hospital.",
        },
        TRIALS_FORMATS,
    ),
    "atmp/counts": (
        {
            "sv": "Prövningar av avancerade terapier, valfri tabell",
            "en": "Trials of advanced therapies, any table",
        },
        {
            "sv": "Antalet prövningar fördelade på sjukhus, region, län, klass, område, fas, sponsor, status och "
            "år, och per 100 000 invånare.",
            "en": "The number of trials by hospital, region, county, class, area, phase, sponsor, status and "
            "year, and per 100,000 inhabitants.",
        },
        TRIAL_COUNTS_FORMATS,
    ),
    "atmp/exemption": (
        {"sv": "Behandlingar enligt sjukhusundantaget", "en": "Treatments under the hospital exemption"},
        {
            "sv": "Patienter och leveranser per sjukhus, produkt och år, som sjukhusen själva uppger dem.",
            "en": "Patients and deliveries by hospital, product and year, as the hospitals themselves state them.",
        },
        EXEMPTION_FORMATS,
    ),
    "atmp/manufacturing": (
        {"sv": "Tillverkning av avancerade terapier", "en": "Manufacture of advanced therapies"},
        {
            "sv": "Batcher, dosberedningar, produktslag, patienter och mottagarländer, som tillverkningsenheterna "
            "själva uppger dem.",
            "en": "Batches, dose preparations, kinds of product, patients and receiving countries, as the "
            "manufacturing sites themselves state them.",
        },
        MANUFACTURING_FORMATS,
    ),
}


DISTRIBUTION = {
    "sv": "Datamängden i formatet %(form)s, alltid ur registrets senaste ögonblicksbild.",
    "en": "The data set as %(form)s, always from the registry's latest snapshot.",
}


FILE_TYPES = {
    "json": "JSON", "geojson": "GEOJSON", "csv": "CSV", "csv-excel": "CSV", "xlsx": "XLSX", "json-stat": "JSON",
    "svg": "SVG", "png": "PNG", "png-print": "PNG", "pdf": "PDF", "pptx": "PPTX",
}  # fmt: skip


KEYWORDS = {
    "sv": ("CAR-T", "cellterapi", "cancer", "hälso- och sjukvård", "register"),
    "en": ("CAR-T", "cell therapy", "cancer", "health care", "registry"),
}
