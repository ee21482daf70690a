"""Refusing what is stated of trials, with a problem for each field that is wrong."""

from collections.abc import Sequence

from registry.errors import Problem, TrialsRefused


def refuse_if_wrong(problems: Sequence[Problem]) -> list[Problem]:
    """The warnings among the problems. Raises TrialsRefused where there are others."""
    if wrong := [problem for problem in problems if not problem.warning]:
        raise TrialsRefused(wrong)
    return list(problems)
