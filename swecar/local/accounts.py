"""As which user the embedded servers run."""

import os
import shutil
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from swecar.local.errors import CannotStart
from swecar.local.plan import Account

NOBODY = 65534  # the unprivileged user of every Linux


# The caller's environment must not change the servers or the language of their logs.
VARIABLES = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def choose_account(var: Path, *programs: Path) -> Account:
    """Choose the user that the servers run as, since PostgreSQL refuses root.

    In a user namespace root runs under another user id and keeps its files. Where the machine refuses one, as many
    containers do, the data is given to the unprivileged user, who must be able to reach it. Raises CannotStart.
    """
    if os.geteuid() != 0:
        return Account()
    unshare = shutil.which("unshare")
    accounts = [Account(prefix=(unshare, "--user", "--map-user=1000", "--map-group=1000"))] if unshare else []
    accounts.append(Account(user=NOBODY))
    script = 'cd "$0" && for program; do "$program" --version; done'
    for account in accounts:
        if run_once(account, ["/bin/sh", "-ec", script, var, *programs], Path("/")).returncode == 0:
            return account
    folders = [folder for path in (var, *programs) for folder in reversed(path.parents)]
    closed = next((folder for folder in folders if not folder.stat().st_mode & stat.S_IXOTH), None)
    raise CannotStart(
        f"PostgreSQL refuses to run as root, and no other user can run it on {var}. Run it as an ordinary user, "
        + (f"or open {closed} by `chmod o+x {closed}`." if closed else "or set SWECAR_VAR to another folder.")
    )


def run_once(account: Account, command: Sequence[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a short command as an account; an account that the machine refuses counts as a failed command."""
    try:
        return subprocess.run(
            [*account.prefix, *command],
            cwd=folder,
            env=VARIABLES,
            check=False,
            capture_output=True,
            text=True,
            start_new_session=True,
            **account.change_of_user(),
        )
    except OSError as error:
        return subprocess.CompletedProcess([], 126, stderr=str(error))


def hand_over(path: Path, account: Account) -> None:
    """Give a folder or a file to the account, if run as root and it is not the owner already."""
    owner = account.user or 0
    if os.geteuid() == 0 and path.stat().st_uid != owner:
        for entry in [*path.rglob("*"), path]:
            os.chown(entry, owner, owner, follow_symlinks=False)
