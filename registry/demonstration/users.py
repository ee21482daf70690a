"""The demonstration's users, whose passwords are generated at the first start."""

import json
import os
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password

from registry.choices import CentreRole, NationalRole
from registry.models import Centre, Membership, User

NATIONAL: dict[str, dict[str, Any]] = {
    "steward": {"national_role": NationalRole.STEWARD},
    "auditor": {"national_role": NationalRole.AUDITOR},
    "admin": {"national_role": NationalRole.ADMINISTRATOR, "is_staff": True, "is_superuser": True},
}

LEADS = {"upp-lead": "upp"}  # a lead, and the centre's reporter


def store_users() -> dict[str, str]:
    """Create missing users; return their passwords by user name."""
    centres = {centre.code.lower(): centre for centre in Centre.objects.all()}
    wanted: dict[str, dict[str, Any]] = {name: {} for name in [*centres, *LEADS]} | NATIONAL
    there = set(User.objects.filter(username__in=wanted).values_list("username", flat=True))
    created = {name: secrets.token_urlsafe(9) for name in wanted if name not in there}
    with ThreadPoolExecutor() as pool:  # each takes half a second of CPU
        hashed = dict(zip(created, pool.map(make_password, created.values()), strict=True))
    for name in created:
        user = User.objects.create(username=name, password=hashed[name], **wanted[name])
        if name in centres:
            Membership.objects.create(user=user, centre=centres[name], role=CentreRole.REPORTER)
        elif name in LEADS:
            Membership.objects.create(user=user, centre=centres[LEADS[name]], role=CentreRole.LEAD)
    return created


def keep_logins(created: dict[str, str], path: Path) -> None:
    """Add passwords to a file that only its owner can read."""
    known = json.loads(path.read_text()) if path.exists() else {}
    opener = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(opener, 0o600)  # also if the file existed and others could read it
    with os.fdopen(opener, "w") as file:
        json.dump(known | created, file, indent=1)
