"""`python -m swecar.keeper` runs the keeper; `… allow NUMBER` lets it digest more, `… check` asks if it lives."""

import asyncio
import sys

from swecar.keeper.server import allow, check, serve
from swecar.variables import EnvironmentProblem

USAGE = "Write nothing, `allow NUMBER` or `check` after `python -m swecar.keeper`."


def main(words: list[str]) -> None:
    """Run, allow or check."""
    match words:
        case []:
            asyncio.run(serve())
        case ["allow", number] if number.isdecimal() and number.isascii():
            sys.stdout.write(f"{allow(int(number))}\n")
        case ["check"]:
            sys.exit(0 if check() else "The keeper does not answer.")
        case _:
            raise EnvironmentProblem(USAGE)


if __name__ == "__main__":
    main(sys.argv[1:])
