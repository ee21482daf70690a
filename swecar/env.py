"""Settings read from the environment. What is missing or wrong stops the start with a sentence each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from swecar.setting_forms import WrongForm
from swecar.variables import EnvironmentProblem, read_variable

LONGEST_SHOWN = 60


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    form: reads the text, or raises WrongForm. default: as text; None if it must be set. missing: what to write
    then. secret: nothing of the value is ever shown. about: its line in docs/run.md.
    """

    name: str
    form: Callable[[str], Any]
    about: str
    default: str | None = ""
    missing: str = ""
    secret: bool = False

    def read(self) -> Any:
        """The value of the variable or of its default; None without both. Raises EnvironmentProblem."""
        value = read_variable(self.name)
        value = value if self.secret else value.strip()
        if not value and self.default is None:
            raise EnvironmentProblem(f"{self.name} is not set. {self.missing}".strip())
        try:
            return self.form(value or self.default or "") if value or self.default else None
        except WrongForm as wrong:
            # Text with an @ or a / may be a URL with a password that stands in the wrong variable.
            shown = not self.secret and len(value) <= LONGEST_SHOWN and not {"@", "/"} & set(value)
            said = f"{self.name} is {value!r}." if shown else f"{self.name} is not usable."
            raise EnvironmentProblem(f"{said} {wrong}") from None


def read_settings(table: Iterable[Setting]) -> dict[str, Any]:
    """The values of all settings by name. Raises EnvironmentProblem with a sentence for each that is wrong."""
    values, problems = {}, []
    for setting in table:
        try:
            values[setting.name] = setting.read()
        except EnvironmentProblem as problem:
            problems.append(str(problem))
    if problems:
        raise EnvironmentProblem("\n".join(problems))
    return values
