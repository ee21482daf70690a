"""The files of PostgreSQL: making them, and whether a server can start on them."""

import shutil
import signal
from pathlib import Path

from swecar.local.accounts import hand_over, run_once
from swecar.local.errors import CannotStart
from swecar.local.left_overs import read_identity, stop_left_over
from swecar.local.plan import Account


def make_database_files(var: Path, program: Path, account: Account, password: str, *, fast: bool) -> None:
    """Make the files of an empty database, all or none. Raises CannotStart."""
    draft, password_file = var / "postgres.new", var / "run" / "password"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    hand_over(draft, account)
    hand_over(password_file, account)
    command: list[str | Path] = [program.with_name("initdb"), "-D", draft, "-E", "UTF8", "--locale=C.UTF-8"]
    command += ["-U", "swecar", "--auth=scram-sha-256", f"--pwfile={password_file}"]
    try:
        outcome = run_once(account, [*command, "--no-sync"] if fast else command, draft)
    finally:
        password_file.unlink()
    if outcome.returncode:
        raise CannotStart(f"PostgreSQL could not make its files in {var}:\n{outcome.stderr.strip()}")
    draft.rename(var / "postgres")


def check_version(folder: Path, program: Path, account: Account) -> None:
    """Raise CannotStart if another version of PostgreSQL made the data, which this one cannot read."""
    made_by = (folder / "PG_VERSION").read_text().strip()
    here = run_once(account, [program, "--version"], folder).stdout.split()[-1:]
    if here and here[0].partition(".")[0] != made_by:
        raise CannotStart(
            f"{folder} was made by PostgreSQL {made_by}, and this is {here[0]}. "
            f"Move {folder.parent} away, or set SWECAR_VAR to another folder."
        )


def clear_lock(folder: Path) -> None:
    """Remove the lock file that a killed PostgreSQL left; one that still runs on the folder is stopped.

    The file holds a process id, which after a reboot may be another process's, and PostgreSQL would not start.
    """
    lock = folder / "postmaster.pid"
    if not lock.exists():
        return
    pid = int(lock.read_text().split()[0])
    try:
        is_ours = Path(f"/proc/{pid}/cwd").samefile(folder)
    except OSError:
        is_ours = False
    if is_ours:
        stop_left_over(pid, read_identity(pid), signal.SIGINT)
    lock.unlink(missing_ok=True)
