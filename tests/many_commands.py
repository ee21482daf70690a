"""Commands of one environment, one after the other: `python -m tests.many_commands`, told by standard input.

Each is a process of its own, as an operator's is, but begins where Django is set up: that takes a second and a
half, more than most commands do.
"""

import json
import os
import sys
from tempfile import TemporaryFile
from traceback import print_exc

import django
from django.core.management import ManagementUtility


def main() -> None:
    """Read a command a line; answer each with its exit code, its output and its errors."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
    django.setup()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), flush=True)  # noqa: T201


def run(words: list[str]) -> tuple[int, str, str]:
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            os._exit(execute(words))
        _child, ended = os.waitpid(child, 0)
        output.seek(0)
        errors.seek(0)
        return os.waitstatus_to_exitcode(ended), output.read(), errors.read()


def execute(words: list[str]) -> int:
    """What manage.py does, to the exit code."""
    code: object = 0
    try:
        ManagementUtility(["manage.py", *words]).execute()
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # as the interpreter tells it
        print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    main()
