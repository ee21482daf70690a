"""Names and descriptions of the open data, and the formats of each data set."""

from collections.abc import Mapping

from registry.formats import COUNTS_FORMATS, MAP_FORMATS, Format

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
