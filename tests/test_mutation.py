"""What `make mutants` puts into a module: which faults, where, and that a loaded module has them."""

import ast
import importlib.util
import re
import sys
from collections import Counter

import pytest

from tests.mutation.faults import list_mutants
from tests.mutation.planting import plant
from tests.mutation.running import BROKEN, FOUND, NOT_FOUND, TOO_LONG, read_outcome
from tests.mutation.targets import TARGETS

EXPLAINED = "docs/mutation.md"
SOURCE = '''"""A module."""
LIMIT = 18
KINDS = ("first", "later")
COUNT = "SELECT count(DISTINCT person) FROM fact WHERE age <= 17"


def is_child(age: int, known: bool = True) -> bool:
    """Whether someone is."""
    return known and age < LIMIT


def least(numbers: list[int]) -> int:
    found = [number for number in sorted(numbers) if number]
    if not found:
        raise ValueError("nothing counted")
    return min(found)


def sums(rows: list[dict]) -> tuple[int, int]:
    return rows[0].get("patients", 0), rows[0].get("infusions", 0)
'''
FAULTS = {
    "module: 18 → 19",
    "module: ('first', 'later') → without 'first'",
    "module: ('first', 'later') → without 'later'",
    "module: True → False",
    "is_child: known and age < LIMIT → age < LIMIT",
    "is_child: known and age < LIMIT → known",
    "is_child: age < LIMIT → age <= LIMIT",
    "least:  for number in sorted(numbers) if number →  for number in sorted(numbers)",
    "least: sorted(numbers) → list(numbers)",
    "least: not found → found",
    "least: raise ValueError('nothing counted') → pass",
    "least: min(found) → max(found)",
    *(f"sums: 0 → 1{ordinal}" for ordinal in ("", " #2", " #3", " #4")),
}


@pytest.fixture
def counted(tmp_path):
    """The module, loaded."""
    path = tmp_path / "counted_by_test.py"
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location("counted_by_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["counted_by_test"] = module
    spec.loader.exec_module(module)
    yield module, list_mutants(path)
    del sys.modules["counted_by_test"]


def test_a_module_has_each_of_its_faults_once(counted):
    _module, mutants = counted
    names = [mutant.name.removeprefix("counted_by_test.") for mutant in mutants]
    assert len(set(names)) == len(names)
    in_sql = {name for name in names if "age <= 17" in name or "DISTINCT" in name}
    assert len(in_sql) == 3, "the DISTINCT, the comparison and the number"
    assert set(names) - in_sql == FAULTS
    texts = {ast.unparse(mutant.tree()) for mutant in mutants}
    assert len(texts) == len(mutants) and ast.unparse(ast.parse(SOURCE)) not in texts


@pytest.mark.parametrize(
    ("fault", "ask", "wrong"),
    [
        ("18 → 19", lambda module: module.is_child(18), True),
        ("True → False", lambda module: module.is_child(3), False),
        ("age < LIMIT → age <= LIMIT", lambda module: module.is_child(18), True),
        ("→ max(found)", lambda module: module.least([2, 0, 3]), 3),
        ("DISTINCT person", lambda module: "DISTINCT" in module.COUNT, False),
    ],
)
def test_a_loaded_module_has_the_fault_that_is_planted(counted, fault, ask, wrong):
    module, mutants = counted
    assert ask(module) != wrong
    [mutant] = [one for one in mutants if one.name.endswith(fault) or (fault in one.name and "DISTINCT" in fault)]
    plant(mutant)
    assert ask(module) == wrong


def test_only_a_failed_test_finds_a_fault():
    """Whatever else pytest or the process ends with has told nothing about the fault."""
    outcomes = {code: read_outcome(code) for code in (None, *range(-15, 128))}
    assert [code for code, outcome in outcomes.items() if outcome == FOUND] == [pytest.ExitCode.TESTS_FAILED]
    assert [code for code, outcome in outcomes.items() if outcome == NOT_FOUND] == [pytest.ExitCode.OK]
    assert [code for code, outcome in outcomes.items() if outcome == TOO_LONG] == [None]
    assert set(outcomes.values()) == {FOUND, NOT_FOUND, TOO_LONG, BROKEN}


def test_each_explanation_excuses_one_fault(pytestconfig):
    names = Counter(
        mutant.name
        for target in TARGETS.values()
        for pattern in target.modules
        for path in pytestconfig.rootpath.glob(pattern)
        for mutant in list_mutants(path)
    )
    explained = re.findall(r"^\| `(.+?)`", (pytestconfig.rootpath / EXPLAINED).read_text(), re.MULTILINE)
    assert len(explained) > 10
    assert {name: names[name] for name in explained} == dict.fromkeys(explained, 1)
    assert set(names.values()) == {1}


def test_every_target_has_its_modules_and_tests(pytestconfig):
    for target in TARGETS.values():
        for pattern in target.modules:
            assert list(pytestconfig.rootpath.glob(pattern)), pattern
        for test in target.tests:
            assert (pytestconfig.rootpath / test.partition("::")[0]).exists(), test
