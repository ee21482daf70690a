"""`python -m api.describe`: docs/openapi.json, the description of the interface as a file.

With --examples it first asks the current snapshot anew for the answers that the description shows;
the variables of the running demonstration (var/demo.env) tell where that is.
"""

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
PATH = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def main() -> None:
    """Ask, and write."""
    django.setup()
    from api import examples, public  # noqa: PLC0415  after the settings

    if "--examples" in sys.argv[1:]:
        examples.write(examples.collect(_ask))
        examples.read.cache_clear()
    PATH.write_text(json.dumps(public.describe_interface(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _ask(path: str) -> dict:
    from django.test import Client  # noqa: PLC0415

    answer = Client().get(f"/api/v1/{path}", headers={"Host": "127.0.0.1"})
    if answer.status_code != 200:  # noqa: PLR2004
        raise SystemExit(f"{path} answered {answer.status_code}.")
    body: dict = json.loads(answer.content)
    return body


if __name__ == "__main__":
    main()
