"""A variable of the environment, or the file that NAME_FILE names: secrets need not stand in the environment."""

import os
from pathlib import Path


class EnvironmentProblem(SystemExit):
    """A variable is missing or wrong; the text says which and what to write.

    It ends any process that reads the settings (web server, Celery, a command) with this text and no traceback.
    """


def is_given(name: str) -> bool:
    """Whether the variable is set, itself or by a file."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def read_variable(name: str) -> str:
    """The value, or the one line of the file that `NAME_FILE` names. Raises EnvironmentProblem."""
    path = os.environ.get(f"{name}_FILE")
    if not path:
        return os.environ.get(name, "")
    if os.environ.get(name):
        raise EnvironmentProblem(f"{name} and {name}_FILE are both set. Keep one of them.")
    try:
        line = Path(path).read_text(encoding="utf-8").removesuffix("\n")
    except (OSError, ValueError):  # neither the path, which may be the secret itself, nor the content is shown
        line = ""
    if not line or "\n" in line or "\0" in line:
        raise EnvironmentProblem(
            f"{name}_FILE names no file that can be read as one line of text. "
            "Write the path of a file that the service's user may read, with the value alone in it."
        )
    return line


def with_these(variables: dict[str, str]) -> dict[str, str]:
    """This process's environment for another, where these are set, and by no file."""
    files = {f"{name}_FILE" for name in variables}
    return {name: value for name, value in os.environ.items() if name not in files} | variables
