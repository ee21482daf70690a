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
    "measures": "measures",
    "snapshots": "snapshots",
    "snapshot": "snapshots/1",
    "changes": "snapshots/1/changes?since=1",
    "releases": "releases",
    "config": "config",
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
    for path in result["paths"].values():
        example = read().get(path.get("get", {}).get("operationId", ""))
        if example:
            (content, *_others) = path["get"]["responses"]["200"]["content"].values()
            content["examples"] = {
                "demonstration": {"summary": f"GET /api/v1/{example['request']}", "value": example["response"]}
            }
    return result


def _cut(value):
    if isinstance(value, dict):
        return {name: _cut(one) for name, one in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [_cut(one) for one in value[:MOST_ROWS]]
    return value
