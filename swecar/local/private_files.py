"""Files of the folder that hold secrets."""

import base64
import json
import secrets
import shlex
from collections.abc import Iterable
from pathlib import Path

from swecar.local.errors import CannotStart


def read_variables(path: Path) -> dict[str, str]:
    """The variables of a file of KEY=value lines; none if it does not exist."""
    try:
        words = shlex.split(path.read_text())
    except FileNotFoundError:
        return {}
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def keep_secrets(var: Path) -> dict[str, str]:
    """The passwords and keys of the folder, made at the first start. Raises CannotStart."""
    path = var / "secrets.json"
    if not path.exists():
        if (var / "postgres").exists():
            raise CannotStart(f"{path} is gone, and with it the password of the data beside it. Move {var} away.")
        made = {name: secrets.token_urlsafe(50) for name in ("postgres", "valkey", "secret_key")}
        made["identity_keys"] = f"demo:{base64.b64encode(secrets.token_bytes(32)).decode()}"
        write_privately(path, json.dumps(made, indent=1))
    kept: dict[str, str] = json.loads(path.read_text())
    if "monitoring" not in kept:  # a folder of before
        kept["monitoring"] = secrets.token_urlsafe(50)
        write_privately(path, json.dumps(kept, indent=1))
    return kept


def keep_passwords(path: Path, roles: Iterable[str]) -> dict[str, str]:
    """The passwords of the database's roles, of a file that `manage.py make_roles --passwords` reads."""
    kept = read_variables(path)
    made = {role: secrets.token_urlsafe(30) for role in roles if role not in kept}
    if made:
        kept |= made
        write_privately(path, "".join(f"{role}={password}\n" for role, password in kept.items()))
    return kept
