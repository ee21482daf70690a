"""Every code by which the registry refuses or warns is listed here with the way on.

A code, a dynamic place of codes, or a sentence that names the steward, which is not listed, fails.
"""

import ast
import importlib
import pkgutil
import re
from functools import cache
from pathlib import Path

import pytest

import api
import registry
from registry.entry.questions.referrals import REFERABLE, SEND_TO
from registry.errors import RegistryError

ROOT = Path(registry.__file__).parents[1]
SOURCES = [path for room in ("registry", "api", "swecar") for path in sorted((ROOT / room).rglob("*.py"))]

# The way on of each code. "put right": the sentence names what is typed wrong, beside its field or by its column.
# "again": later, or from the page as it is now. "other way": the sentence names another thing to do. "look": a
# warning, which is confirmed or answered. "steward": a button, or in the interface send_to. "nobody": it is so.
WAYS = {
    "put right": """
        date_invalid date_in_future date_too_early date_before_birth trial_missing trial_not_allowed
        trial_sponsor_wrong age_missing age_impossible age_contradicts_identifier age_contradicts_birth_year
        age_unstated ages_contradict sex_contradicts_identifier number_invalid too_long missing
        modality_contradicts_product duplicate sequence_taken too_many_infusions identifier_in_text
        character_invalid identifier_invalid issuer_unclear too_many_cells cell_unreadable infusion_refused
        kind_unclear second_first first_not_earliest further_dose_without_earlier pseudonym_used
        reason_missing body_invalid not_an_object unknown_field wrong_type patient_ambiguous unknown_patient
        unknown_centre unknown_value unknown_infusion about_both file_unusable figure_unusable
        coverage_date_impossible order_impossible move_impossible merge_impossible merge_unexplained
        identifier_taken identifier_known identifier_contradicts only_identifier release_name_wrong
        release_name_taken release_title_missing release_day_wrong release_day_before choice_unknown
        username_taken token_invalid idempotency_key_reused idempotency_key_invalid bad_request
        etag_invalid precondition_required body_too_large file_too_large cursor_invalid query_too_long
        unknown_parameter parameter_repeated value_repeated not_acceptable centre_upcoming too_costly period_empty
        format_contradicts too_many_dimensions number_shortened
        former_first_becomes_invalid too_many_rows filter_not_saved
        trials_refused trial_identifier_invalid trial_identifier_taken status_stated reopened_unexplained
        classes_not_products countries_too_few patients_exceed_imports
    """,
    "again": """
        changed_meanwhile busy too_many_lookups effect_changed list_changed import_not_storable
        import_impossible question_answered referral_settled snapshot_behind too_many_requests no_snapshot
        clinic_down database_down database_busy database_full database_read_only storage_full
        identity_key_unknown identity_key_wrong identity_keeper_away identity_keeper_limit
        withheld_by_policy as_of_needs_current
    """,
    "other way": """
        question_closed question_full question_of_someone_else nothing_to_refer nothing_to_send not_submitted
        invitation_unusable commission_unknown assurance_too_low not_permitted
    """,
    "look": """
        date_improbable age_improbable century_doubted reserve_number_unconfirmed product_before_authorisation
        date_on_weekend third_infusion sex_differs no_earlier_infusion long_gap reinfusion_as_planned
        further_dose_alone further_dose_of_other_course further_dose_not_planned further_dose_late
        withdrawn_before sheet_not_read encoding_assumed lines_above_header row_hidden cup_in_industry_trial
        batch_of_another_person columns_hidden age_after_merge age_without_number investigational_in_care
        trial_differs ongoing_long trial_not_stated trial_not_ongoing count_falls fewer_batches
    """,
    "steward": "known_elsewhere kind_stays sent_to_steward declined_by_steward",
    "nobody": "not_found do_not_register history_altered proof_failed refused wrong_database",
}
LISTED = {code for codes in WAYS.values() for code in codes.split()}

# Sentences that name the steward to a clinic, by how they begin, and what stands beside each.
NAMES_THE_STEWARD = {
    "This person is in the registry at another centre; the registry's steward": "known_elsewhere",
    "Say what this infusion is, a further dose or a reinfusion. If it was the first": "known_elsewhere",
    "This infusion has been sent to the registry's steward": "sent_to_steward",
    "The registry's steward has declined this infusion": "declined_by_steward",
    "This infusion is stored already, and not as": "kind_stays",
}
# What is said once it is done, or of the steward to the steward, and the names of things.
NO_REFUSAL = (
    "This infusion does not need the registry's steward",
    "Sent to the steward, waiting", "The question is sent",
    "It is sent to the registry's steward", "%(count)s row", "Sent by %(sender)s",
    "The registry's steward has settled", "The registry's steward has withdrawn this",
    "The registry's steward has corrected this",
    "Is responsible for the registry's quality",
)  # fmt: skip


NAMES = {"steward", "Steward", "registry steward", "The registry's steward"}


@cache
def load_all() -> None:
    for package in (registry, api):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations." not in module.name:
                importlib.import_module(module.name)


def classes(of=RegistryError) -> set[type]:
    load_all()
    found, ahead = set(), [of]
    while ahead:
        one = ahead.pop()
        found.add(one)
        ahead += one.__subclasses__()
    return {one for one in found if one.__module__.split(".")[0] in {"registry", "api"}}


@cache
def nodes() -> list[tuple[Path, ast.AST]]:
    """Every call and every raise of the product."""
    return [
        (path, node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call | ast.Raise)
    ]


def calls(names: set[str]):
    for path, node in nodes():
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in names:
            yield path, node


def written_codes() -> tuple[set[str], set[str]]:
    """Codes that stand as such, and expressions that give others."""
    found, computed = set(), set()
    for path, node in [*calls({"Problem"}), *calls({"_invalid"})]:
        if len(node.args) > 1:
            code = node.args[1]
            if isinstance(code, ast.Constant):
                found.add(code.value)
            else:
                computed.add(f"{path.stem}: {ast.unparse(code)}")
    for _path, node in calls({"Refused"}):
        if node.args and isinstance(node.args[0], ast.Constant):
            found.add(node.args[0].value)
    for _path, node in calls({"refuse", "_kind_problem"}):
        for code in node.args[:2]:
            if isinstance(code, ast.Constant) and re.fullmatch(r"[a-z]+(_[a-z]+)+", str(code.value)):
                found.add(code.value)
    return found, computed


def test_every_code_has_a_way_on():
    written, _computed = written_codes()
    codes = {one.code for one in classes()} | written
    codes -= {"refuse_age", "infused_on", "date_precision", "age_at_infusion", "patient_id", "manufacturing_site"}
    assert codes - LISTED == set(), "list them with the way on"


def test_no_code_is_computed_but_here():
    _written, computed = written_codes()
    assert computed == COMPUTED


# Where a code is an expression: a constant of the lists above, or one that the scan finds where it is handed in.
COMPUTED = {
    "ages: AFTER_MERGE", "ages: AGE_UNSTATED", "ages_by_number: WITHOUT_NUMBER",
    "batch_numbers: problem.code", "course: KIND_STAYS", "doubts: BATCH",
    "errors: type(self).code", "pipeline: PatientRefused.code",
    "row_fields: code", "course_kinds: code", "sent_rows: DECLINED", "sent_rows: SENT", "base: error.code",
    "questions: code", "job: unusable.code", "several: ChangedMeanwhile.code", "several: problem.code",
}  # fmt: skip


def test_whatever_goes_to_the_steward_says_where():
    assert set(SEND_TO) == set(WAYS["steward"].split())
    assert set(SEND_TO) >= REFERABLE


def said() -> dict[str, str]:
    """Every sentence of the product that names the steward, and where it stands."""
    found = {}
    for path, node in calls({"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}):
        for text in node.args:
            if isinstance(text, ast.Constant) and "steward" in str(text.value).lower():
                found[text.value] = path.name
    return found


def test_every_sentence_that_names_the_steward_has_its_way():
    known = (*NAMES_THE_STEWARD, *NO_REFUSAL)
    unlisted = [text for text in said() if text not in NAMES and not text.startswith(known)]
    assert unlisted == []
    assert set(NAMES_THE_STEWARD.values()) == set(SEND_TO)


@pytest.mark.parametrize("one", sorted(classes(), key=lambda one: (one.__module__, one.__name__)),
                         ids=lambda one: one.__name__)  # fmt: skip
def test_every_refusal_says_what_it_is_in_a_sentence(one):
    own = "sentence" in vars(one)
    assert own
    assert len(one.sentence.split()) >= 3 or one.__name__ == "TextMissing"
