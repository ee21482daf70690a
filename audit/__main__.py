"""Everything that is audited, a line for each fault; exit 1 with any.

ADVISORIES=required makes it a fault that the lists of vulnerabilities cannot be asked.
"""

import os
import sys
from pathlib import Path

from audit import advisories, bill, licences, locks

OURS = locks.ROOT / ".venv" / "bin" / "python"  # with what `make test` installs


def main() -> int:
    """Run each part and say what it found."""
    faults = _tell("Lock files: one version each, hashed, from no host", locks.find_faults())
    faults += _tell("Licences: on the list", licences.find_faults([OURS, Path(sys.executable)]))
    faults += _tell(f"What the service is made of: {bill.BILL.relative_to(locks.ROOT)}", bill.write_bill())
    found, unasked = advisories.ask()
    if unasked:
        print(f"Known vulnerabilities: NOT ASKED about {len(unasked)} packages: no list of them can be reached.")
        found += ["nobody has asked about all packages"] if os.environ.get("ADVISORIES") == "required" else []
    if found or not unasked:
        faults += _tell("Known vulnerabilities: none", found)
    print("The audit found nothing." if not faults else f"The audit found {len(faults)} faults.")
    return 1 if faults else 0


def _tell(what: str, faults: list[str]) -> list[str]:
    print(f"{what}: {'NO' if faults else 'yes'}", *faults, sep="\n  ", flush=True)
    return faults


if __name__ == "__main__":
    sys.exit(main())
