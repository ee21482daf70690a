"""Map documents for the tests of the figure and the page: the published one, and others made at random."""

import json
import random
from copy import deepcopy
from pathlib import Path

CATEGORIES = ("SOC", "ACT", "ICT", "CUP")
MEASURES = ("patients", "reinfusions", "further_doses", "infusions")
LONG_CITY = "Örnsköldsviks nya sjukhusområde"
LONG_NAME = "Universitetssjukhuset i Norra Västerbottens kustland och fjälltrakt"


def published_document(language: str = "sv") -> dict:
    """The figure of 8 September 2025 as COUNTING.md's table has it, in either language."""
    document = json.loads((Path(__file__).parent / "map_document.json").read_text(encoding="utf-8"))
    if language == "en":
        next(centre for centre in document["centres"] if centre["code"] == "GOT")["city"] = "Gothenburg"
    return document


def empty_document() -> dict:
    """The same centres in a registry without any infusion."""
    document = published_document()
    zeros = dict.fromkeys(MEASURES, 0) | {"first": None}
    document["snapshot"]["data_through"] = None
    document["national"] |= zeros | {"patients_summed": 0, "children": 0}
    document["manufacturing"][0]["manufactured"] = 0
    for centre in document["centres"]:
        centre.update(zeros, categories=[])
    return document


def full_document(language: str = "sv") -> dict:
    """The same centres, each with all categories, and reinfusions and further doses in all of them."""
    document = published_document(language)
    for centre in document["centres"]:
        cells = [
            {"category": code, "first": "2023-09", "patients": 128, "reinfusions": 14, "further_doses": 13,
             "infusions": 155} for code in CATEGORIES
        ]  # fmt: skip
        centre |= {"status": "active", "first": "2023-09", "categories": cells, "patients_summed": 512}
        centre |= {"patients": 510, "reinfusions": 56, "further_doses": 54, "infusions": 620}
    return document


def random_document(count: int, seed: int) -> dict:
    """So many centres at random places in the country, some of them with long names and all categories."""
    draw = random.Random(seed)
    document = deepcopy(published_document())
    document["centres"] = [_random_centre(number, draw) for number in range(count)]
    for measure in MEASURES:
        document["national"][measure] = sum(centre[measure] for centre in document["centres"])
    document["national"]["patients_summed"] = document["national"]["patients"] + 40
    document["manufacturing"] = [
        {"site": f"M{n}", "name": "Cellterapicentrum", "centre": f"C{n}", "manufactured": 1200 + n}
        for n in range(min(3, count))
    ]
    return document


def _random_centre(number: int, draw: random.Random) -> dict:
    latitude = draw.uniform(55.4, 68.5)
    categories = [_random_cell(category, draw) for category in draw.sample(CATEGORIES, draw.randint(0, 4))]
    centre = {
        "code": f"C{number}",
        "name": draw.choice(["Sjukhuset", LONG_NAME]),
        "city": f"{draw.choice(['Bo', 'Kristianstad', LONG_CITY])} {number}",
        "status": draw.choice(["active", "paused", "closed"] if categories else ["active", "upcoming"]),
        "region": "Norra",
        "location": {"lat": latitude, "lon": 12.5 + (latitude - 55.4) * 0.55 + draw.uniform(0, 3.5)},
        "complete_through": draw.choice([None, "2025-08-31"]),
        "first": min((cell["first"] for cell in categories), default=None),
        "categories": categories,
    } | {measure: sum(cell[measure] for cell in categories) for measure in MEASURES}
    if len(categories) > 2:
        centre |= {"patients_summed": centre["patients"], "patients": centre["patients"] - 1}
        centre["reinfusions"] += 1
    return centre


def _random_cell(category: str, draw: random.Random) -> dict:
    patients, reinfusions, further_doses = draw.randint(1, 60), draw.choice([0, 3]), draw.choice([0, 12])
    return {
        "category": category,
        "first": draw.choice(["2014", "2023-09", "2023-12-05"]),
        "patients": patients,
        "reinfusions": reinfusions,
        "further_doses": further_doses,
        "infusions": patients + reinfusions + further_doses,
    }


def series_of(document: dict) -> dict:
    """Years for a document's numbers, spread evenly from 2014 to 2025; the last year has what is left."""
    years = list(range(2014, 2026))

    def spread(number: int) -> list[int]:
        each = number // len(years)
        return [each] * (len(years) - 1) + [number - each * (len(years) - 1)]

    def column(cells: list[dict]) -> dict[str, list[int]]:
        return {name: spread(sum(cell[name] for cell in cells)) for name in ("patients", "infusions")}

    cells = [cell for centre in document["centres"] for cell in centre["categories"]]
    return {
        "years": years if document["national"]["infusions"] else [],
        "nation": column([document["national"]]) if document["national"]["infusions"] else column([]),
        "categories": {code: column([c for c in cells if c["category"] == code]) for code in CATEGORIES},
        "centres": {centre["code"]: column([centre]) for centre in document["centres"]},
    }
