"""Real responses of the demonstration, as the description of the API shows them."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("examples.json")
# The request of each operation.
REQUESTS = {
    "map": "map?lang=en",
    "counts": "counts?by=centre,category&category=SOC,ICT&lang=en",
    **{name: f"{name}?lang=en" for name in ("centres", "categories", "products", "indications", "trials")},
    "atmp_trials": "atmp/trials?lang=en",
    "atmp_counts": "atmp/counts?by=class,centre&lang=en",
    "atmp_exemption": "atmp/exemption?lang=en",
    "atmp_manufacturing": "atmp/manufacturing?lang=en",
    "measures": "measures",
    "snapshots": "snapshots",
    "snapshot": "snapshots/1",
    "changes": "snapshots/1/changes?since=1",
    "releases": "releases",
    "config": "config",
    "api_info": "api-info",
    "status": "status",
    "catalogue": "catalogue",
    "measure_reports": "measure-reports?lang=en",
    "measure_report": "measure-reports/UPP?lang=en",
}
MOST_ROWS = 3  # of a list, so that the description can be read


def collect(get: Callable[[str], dict]) -> dict[str, dict]:
    """The responses that get gives to all these requests, long lists cut."""
    return {operation: {"request": path, "response": _cut(get(path))} for operation, path in REQUESTS.items()}


def write(examples: dict) -> None:
    """Keep them."""
    FILE.write_text(json.dumps(examples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


@cache
def read() -> dict[str, dict]:
    """Those that are kept."""
    kept: dict[str, dict] = json.loads(FILE.read_text(encoding="utf-8"))
    return kept


def add_examples(result: dict, generator, request, public) -> dict:
    """Put them into the description (a hook of drf-spectacular)."""
    known = read() | _of_a_release()
    for path in result["paths"].values():
        example = known.get(path.get("get", {}).get("operationId", ""))
        if example:
            (content, *_others) = path["get"]["responses"]["200"]["content"].values()
            content["examples"] = {
                "demonstration": {"summary": f"GET /api/v1/{example['request']}", "value": example["response"]}
            }
    return result


def _of_a_release() -> dict[str, dict]:
    """A release of the demonstration's map; the demonstration itself names another with each start."""
    shown = read()["map"]["response"]
    snapshot = shown["snapshot"]
    release = {
        "name": "2025-annual",
        "title": {"sv": "Årsrapport 2025", "en": "Annual report 2025"},
        "note": {"sv": "", "en": ""},
        "snapshot": snapshot["number"],
        "hash": snapshot["hash"],
        "as_of": None,
        "released_at": snapshot["built_at"],
        "files": [
            {
                "name": "swecar-2025-annual.csv", "address": "/releases/2025-annual/swecar-2025-annual.csv",
                "language": "en", "format": "csv", "media_type": "text/csv; charset=utf-8", "size": 3204,
                "sha256": "0" * 64,
            }
        ],
        "map": shown,
    }  # fmt: skip
    moved = {
        "centre": "UPP",
        "category": "SOC",
        "site": None,
        "measures": {"patients": {"before": 37, "after": 38}},
    }
    changes = {
        "release": "2025-annual",
        "since": "2024-annual",
        "changes": [moved | {"new": 1, "corrected": 0, "withdrawn": 0, "merged": 0}],
    }
    return {
        "release": {"request": "releases/2025-annual?lang=en", "response": release},
        "release_changes": {"request": "releases/2025-annual/changes", "response": changes},
    }


def _cut(value):
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_cut(one) for one in value[:MOST_ROWS]]
    return value
