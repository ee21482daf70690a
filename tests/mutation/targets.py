"""What is mutated, and the tests that are to find it: the few that are about it, the quick ones first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    modules: tuple[str, ...]  # as globs, from the root
    tests: tuple[str, ...]


def _tests(*names: str) -> tuple[str, ...]:
    return tuple(f"tests/test_{name}.py" for name in names)


TARGETS = {
    "access": Target(("registry/access.py",), _tests("access")),
    "identity": Target(
        ("registry/identity.py", "registry/keyed_digests.py"), _tests("identity", "look_alikes", "reserve_numbers")
    ),
    "rules": Target(
        ("registry/infusion_rules.py", "registry/course_kinds.py"),
        (
            *_tests("rules", "rules_by_field", "count_effect", "kind_against_course"),
            "tests/test_page_view.py::test_the_page_goes_back_to_the_first_day_of_2014",
        ),
    ),
    "course": Target(("registry/course_rules.py",), _tests("course_rules")),
    "doubts": Target(("registry/entry/infusions/doubts.py",), _tests("questions_by_rules", "settled_questions")),
    "live": Target(("registry/entry/live_counts.py",), ("tests/test_entry_pages.py::TestStart",)),
    "effect": Target(("registry/entry/patients/count_effect.py",), _tests("count_effect")),
    "merge": Target(
        ("registry/entry/patients/merge.py", "registry/entry/patients/comparison.py"),
        _tests("merging", "what_goes_along"),
    ),
    "counting": Target(
        ("registry/published/counting.py", "registry/published/count_statement.py", "registry/measures.py"),
        (
            *_tests("small_cases"),
            *(
                f"tests/test_oracle_counts.py::test_{name}"
                for name in (
                    "a_date_bounds_what_is_counted_as_the_oracle_bounds_it",
                    "a_filter_is_counted_as_the_oracle_counts",
                    "a_total_is_counted_separately_and_states_the_sum_of_its_parts",
                    "every_pair_of_dimensions_is_counted_as_the_oracle_counts",
                )
            ),
        ),
    ),
    "recount": Target(
        (
            "registry/publishing/recount.py",
            "registry/publishing/facts_check.py",
            "registry/publishing/vague_dates.py",
        ),
        _tests("recount"),
    ),
    "disclosure": Target(
        ("registry/published/disclosure.py", "registry/published/disclosure_blocks.py"), _tests("withholding")
    ),
}
