"""The demonstration's users. Their passwords are made at the first start and stored nowhere else."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from registry.choices import CentreRole, NationalRole
from registry.models import Centre, Membership, User

NATIONAL: dict[str, dict[str, Any]] = {
    "steward": {"national_role": NationalRole.STEWARD},
    "admin": {"national_role": NationalRole.ADMINISTRATOR, "is_staff": True, "is_superuser": True},
}


def store_people() -> dict[str, str]:
    """Create the users that are missing; returns {username: password} of those."""
    created = {}
    for centre in Centre.objects.all():
        user, password = _create_user(centre.code.lower())
        if password:
            Membership.objects.create(user=user, centre=centre, role=CentreRole.REPORTER)
            created[user.username] = password
    for name, fields in NATIONAL.items():
        _user, password = _create_user(name, **fields)
        if password:
            created[name] = password
    return created


def keep_logins(created: dict[str, str], path: Path) -> None:
    """Add passwords to a file that only its owner can read."""
    known = json.loads(path.read_text()) if path.exists() else {}
    opener = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(opener, 0o600)  # also where the file was there before, open to others
    with os.fdopen(opener, "w") as file:
        json.dump(known | created, file, indent=1)


def _create_user(name: str, **fields) -> tuple[User, str]:
    if User.objects.filter(username=name).exists():
        return User.objects.get(username=name), ""
    password = secrets.token_urlsafe(9)
    return User.objects.create_user(name, password=password, **fields), password
