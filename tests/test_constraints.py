"""Every named constraint is violated once, and the database refuses it by its name."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from registry.models import (
    AccessLog,
    Centre,
    ChainLink,
    Draft,
    ExemptionYear,
    IdempotencyKey,
    IdentityKeyInUse,
    ImportJob,
    ImportRow,
    Indication,
    Infusion,
    Invitation,
    KeptApart,
    LastSeen,
    Lookup,
    ManufacturingSite,
    ManufacturingStatement,
    Membership,
    Message,
    Patient,
    PatientIdentifier,
    Population,
    PossibleDoubles,
    Product,
    Publication,
    Question,
    Referral,
    Refusal,
    Release,
    ReleaseFile,
    Revision,
    Run,
    SavedFilter,
    ScheduleLease,
    SiteTrial,
    SiteTrialStatus,
    Snapshot,
    StatedPurpose,
    StatementClass,
    StatementCountry,
    Token,
    Trial,
    TrialArea,
    User,
)
from tests import factories


def centre(**fields) -> None:
    Centre.objects.filter(code="UPP").update(**fields)


def infusion(**fields) -> Infusion:
    """An infusion that the database accepts, with these fields changed."""
    values = {
        "patient": Patient.objects.first() or Patient.objects.create(sex="female"),
        "centre": Centre.objects.get(code="UPP"),
        "product": Product.objects.get(name="Kymriah"),
        "category": "SOC",
        "kind": "first",
        "infused_on": date(2020, 5, 5),
        "date_precision": "day",
        "sequence": 1,
        "age_at_infusion": 50,
        "status": "submitted",
    }
    return Infusion.objects.create(**values | fields)


def identifier(**fields) -> None:
    values = {"patient": Patient.objects.create(sex="female"), "type": "local", "key_id": "k", "digest": b"d"}
    PatientIdentifier.objects.create(**values | fields)


def draft(**fields) -> None:
    values = {"centre": Centre.objects.get(code="UPP"), "saved_by": someone(), "fields": {}}
    Draft.objects.create(**values | fields)


def product(**fields) -> None:
    values = {"name": "New", "target": "", "modality": "CAR-T", "origin": "investigational", "position": 9}
    Product.objects.create(**values | fields)


def link(**fields) -> None:
    values = {"chain": "registry_accesslog", "kind": "added", "width": 9, "ids": [1], "hashes": [b"h"]}
    ChainLink.objects.create(**values | fields)


def run(**fields) -> None:
    Run.objects.create(**{"task": "registry.publish_snapshot", "queued_at": timezone.now()} | fields)


def last_seen(**fields) -> None:
    values = {"sign": "worker", "instance": "celery@a", "seen_at": timezone.now()}
    LastSeen.objects.create(**values | fields)


def population(**fields) -> None:
    Population.objects.create(**{"area": "03", "year": 2023, "persons": 404_589, "source": "SCB"} | fields)


def area(**fields) -> None:
    TrialArea.objects.create(**{"key": "x", "name_sv": "X", "name_en": "X", "position": 9} | fields)


def trial(identifier: str = "NCT99000009", **fields) -> Trial:
    return Trial.objects.create(**TRIAL | {"identifier": identifier} | fields)


def site_trial(**fields) -> SiteTrial:
    values = {"trial": Trial.objects.first(), "centre": Centre.objects.get(code="UPP")}
    return SiteTrial.objects.create(**values | fields)


def status(**fields) -> None:
    values = {"status": "recruiting", "since": date(2024, 5, 1), "date_precision": "month"}
    at = SiteTrial.objects.first() or site_trial()
    SiteTrialStatus.objects.create(**{"site_trial": at} | values | fields)


STATED = {"source": "Annual report", "stated_by": "The hospital"}


def exemption(**fields) -> None:
    values = {"product": "Skin", "year": 2024, "through": date(2024, 12, 31), "patients": 7}
    ExemptionYear.objects.create(**STATED | {"centre": Centre.objects.get(code="UPP")} | values | fields)


def statement(**fields) -> ManufacturingStatement:
    values = {"site": ManufacturingSite.objects.first(), "as_of": date(2025, 5, 31)}
    return ManufacturingStatement.objects.create(**STATED | values | fields)


def statement_class(**fields) -> None:
    about = ManufacturingStatement.objects.first() or statement()
    StatementClass.objects.create(**{"statement": about, "atmp_class": "tep", "products": 3} | fields)


def statement_country(**fields) -> None:
    about = ManufacturingStatement.objects.first() or statement()
    StatementCountry.objects.create(**{"statement": about, "country": "NO"} | fields)


def membership(**fields) -> None:
    someone = factories.user("someone")
    values = {"user": someone, "centre": Centre.objects.get(code="UPP"), "role": "reporter"}
    Membership.objects.create(**values | fields)


def someone() -> User:
    return User.objects.first() or factories.user("someone")


def invitation(**fields) -> None:
    values = {
        "email": "x@registry.example", "centre": Centre.objects.get(code="UPP"), "role": "reporter",
        "token_digest": b"1", "invited_by": "lead", "expires_at": NOW,
    }  # fmt: skip
    Invitation.objects.create(**values | fields)


def token(**fields) -> None:
    later = datetime(2100, 1, 1, tzinfo=UTC)
    values = {"owner": someone(), "name": "R", "scope": "read", "digest": b"1", "expires_at": later}
    Token.objects.create(**values | fields)


def question(**fields) -> Question:
    about = Infusion.objects.first() or infusion()
    return Question.objects.create(**{"infusion": about, "text": "Is it?", "asked_by": "steward"} | fields)


def job(**fields) -> ImportJob:
    return ImportJob.objects.create(**{"uploaded_by": someone()} | fields)


def import_row(**fields) -> None:
    ImportRow.objects.create(**{"job": ImportJob.objects.first() or job(), "line": 2, "cells": {}} | fields)


ERASED = {"chain": None, "fields": {}}


def referral(**fields) -> Referral:
    values = {
        "centre": Centre.objects.get(code="UPP"),
        "code": "known_elsewhere",
        "chain": b"1",
        "sent_by": "nurse",
    }
    return Referral.objects.create(**values | {"fields": {"kind": "first"}} | fields)


def snapshot(**fields) -> Snapshot:
    values = {"number": 1, "hash": "h", "built_at": NOW, "map_document": {}, "code_lists": {}, "facts": 0}
    return Snapshot.objects.create(**values | fields)


def apart(*, turned: bool = False, same: bool = False, **fields) -> None:
    """A decision about the first two persons, who are made here if need be."""
    while Patient.objects.count() < 2:
        Patient.objects.create(sex="male")
    one, other = Patient.objects.order_by("pk")[:2]
    one, other = (other, one) if turned else (one, one if same else other)
    KeptApart.objects.create(**{"one": one, "other": other, "reason": "r", "decided_by": "b"} | fields)


def release(**fields) -> Release:
    values = {
        "name": "one",
        "title_sv": "E",
        "title_en": "O",
        "snapshot": Snapshot.objects.first() or snapshot(),
        "documents": {},
        "changes": {},
    }
    return Release.objects.create(**values | {"released_at": NOW} | fields)


def release_file(**fields) -> None:
    values = {"release": Release.objects.first() or release(), "name": "map.csv", "content": b"", "size": 0}
    ReleaseFile.objects.create(**values | fields)


def twice(make: Callable, *changes: dict) -> None:
    for fields in changes:
        make(**fields)


NOW = timezone.now()
TRIAL = {"identifier": "NCT99000009", "name": "X", "sponsor": "academic", "phase": "II"}

# Each constraint and the ways to violate it: each way alone must be refused by that name.
BROKEN: dict[str, list[Callable]] = {
    "revision_is_one_row": [lambda: Revision.objects.create(id=2)],
    "publication_is_one_row": [lambda: Publication.objects.create(id=2)],
    "identity_key_in_use_is_one_row": [lambda: IdentityKeyInUse.objects.create(id=2, newest="k")],
    "possible_doubles_is_one_row": [lambda: PossibleDoubles.objects.create(id=2)],
    "kept_apart_has_one_order": [lambda: apart(turned=True), lambda: apart(same=True)],
    "kept_apart_has_a_reason": [lambda: apart(reason=""), lambda: apart(decided_by="")],
    "kept_apart_end_has_who_when_and_why": [
        lambda: apart(ended_by="b", ended_reason="r"), lambda: apart(ended_at=NOW, ended_by="b"),
        lambda: apart(ended_at=NOW, ended_reason="r"), lambda: apart(ended_reason="r"),
    ],
    "kept_apart_is_decided_once": [lambda: [apart(), apart()]],
    "schedule_lease_is_one_row": [lambda: ScheduleLease.objects.create(id=2, until=timezone.now())],
    "purpose_is_one_row": [lambda: StatedPurpose.objects.create(id=2, kind="registry")],
    "purpose_is_known": [
        lambda: StatedPurpose.objects.create(kind=""), lambda: StatedPurpose.objects.create(kind="real"),
    ],
    "centre_code_is_capitals": [lambda: centre(code="upp"), lambda: centre(code="U"), lambda: centre(code="U P")],
    "centre_lies_on_earth": [
        lambda: centre(latitude=91), lambda: centre(latitude=-91),
        lambda: centre(longitude=181), lambda: centre(longitude=-181), lambda: centre(latitude=float("nan")),
    ],
    "centre_status_is_known": [lambda: centre(status="open"), lambda: centre(status="")],
    "centre_region_is_known": [
        lambda: centre(region="Vestra"), lambda: centre(region="västra"), lambda: centre(region=""),
    ],
    "centre_county_is_known": [
        lambda: centre(county_code="02"), lambda: centre(county_code="1"), lambda: centre(county_code=""),
    ],
    "population_is_stated_once": [lambda: [population(), population()]],
    "population_area_is_known": [lambda: population(area="02"), lambda: population(area="")],
    "population_year_is_a_year": [lambda: population(year=1899), lambda: population(year=2201)],
    "population_is_somebody": [lambda: population(persons=0)],
    "population_has_a_source": [lambda: population(source="")],
    "site_code_is_capitals": [lambda: ManufacturingSite.objects.update(code="vecura")],
    "membership_is_one_role": [
        lambda: [membership(), Membership.objects.bulk_create(
            [Membership(user=m.user, centre=m.centre, role="lead") for m in Membership.objects.all()])],
    ],
    "membership_role_is_known": [lambda: membership(role="chief"), lambda: membership(role="")],
    "patient_number_has_its_check_digits": [
        lambda: Patient.objects.create(sex="male", registry_number=99),
        lambda: Patient.objects.create(sex="male", registry_number=12345697),
    ],
    "patient_sex_is_known_value": [
        lambda: Patient.objects.create(sex="f"), lambda: Patient.objects.create(sex=""),
    ],
    "patient_birth_year_is_possible": [
        lambda: Patient.objects.create(sex="male", birth_year=1879),
        lambda: Patient.objects.create(sex="male", birth_year=2201),
    ],
    "identifier_is_one_person": [lambda: twice(identifier, {}, {})],
    "identifier_gives_birth_date": [lambda: identifier(type="local", birth_digest=b"d")],
    "identifier_type_is_known": [lambda: identifier(type="passport"), lambda: identifier(type="")],
    "refusal_is_kept_once": [
        lambda: Refusal.objects.bulk_create([Refusal(key_id="k", token=b"t"), Refusal(key_id="k", token=b"t")])
    ],
    "product_name_in_any_case": [lambda: product(name="KYMRIAH")],
    "product_inn_in_any_case": [lambda: product(inn="Tisagenlecleucel")],
    "product_date_has_precision": [
        lambda: product(authorised_on=date(2020, 1, 1)), lambda: product(authorised_precision="day"),
    ],
    "product_interval_is_of_planned_doses": [
        lambda: product(planned_doses=0), lambda: product(planned_doses=2),
        lambda: product(planned_doses=2, dose_interval_days=9),
        lambda: product(planned_doses=2, longest_dose_interval_days=9),
        lambda: product(planned_doses=2, dose_interval_days=9, longest_dose_interval_days=8),
        lambda: product(dose_interval_days=9, longest_dose_interval_days=20),
    ],
    "product_modality_is_known": [lambda: product(modality="CAR"), lambda: product(modality="")],
    "product_origin_is_known": [lambda: product(origin="unknown"), lambda: product(origin="")],
    "indication_code_is_not_empty": [
        lambda: Indication.objects.create(key="x", icd10="", name_sv="X", name_en="X", position=9)
    ],
    "trial_identifier_is_registered_form": [
        lambda text=text: Trial.objects.create(**TRIAL | {"identifier": text})
        for text in ("NCT9900000", "nct99000009", "2020-12345-12", "NCT99000009 ", "", "2024-412345-10-0")
    ],
    "trial_sponsor_is_known": [lambda: Trial.objects.create(**TRIAL | {"sponsor": "state"})],
    "trial_phase_is_known": [lambda: Trial.objects.create(**TRIAL | {"phase": "V"})],
    "trial_class_is_known": [lambda: trial(atmp_class="gene"), lambda: trial(atmp_class="")],
    "trial_area_is_not_unknown": [lambda: area(key="unknown")],
    "site_trial_is_there_once": [lambda: twice(site_trial, {}, {})],
    "site_trial_status_is_there_once": [lambda: twice(status, {}, {"date_precision": "day"})],
    "site_trial_status_is_known": [lambda: status(status="open"), lambda: status(status="")],
    "site_trial_status_since_begins_its_period": [
        lambda: status(since=date(2024, 5, 2)), lambda: status(date_precision="year"),
        lambda: status(date_precision="year", since=date(2024, 1, 2)), lambda: status(date_precision="week"),
    ],
    "exemption_class_is_known": [lambda: exemption(atmp_class="other")],
    "exemption_year_is_a_year": [lambda: exemption(year=1989, through=date(1989, 12, 31))],
    "exemption_runs_in_its_year": [lambda: exemption(through=date(2025, 5, 31))],
    "exemption_begins_before_its_year": [
        lambda: exemption(first_year=2024), lambda: exemption(first_year=1989), lambda: exemption(first_year=2025),
    ],
    "exemption_has_product_and_source": [
        lambda: exemption(product=""), lambda: exemption(source=""), lambda: exemption(stated_by=""),
    ],
    "manufacturing_statement_has_a_source": [lambda: statement(source=""), lambda: statement(stated_by="")],
    "manufacturing_imports_add_patients": [
        lambda: statement(patients=9, patients_with_imports=8),
        lambda: statement(patients=9, patients_with_imports=8, imports=3),
        lambda: statement(patients=8, patients_with_imports=9, imports=0),
    ],
    "statement_class_is_there_once": [lambda: twice(statement_class, {}, {})],
    "statement_class_is_known": [lambda: statement_class(atmp_class="gene")],
    "statement_country_is_there_once": [lambda: twice(statement_country, {}, {})],
    "statement_country_is_two_letters": [
        lambda: statement_country(country="no"), lambda: statement_country(country="N"),
    ],
    "infusion_has_its_place_in_order": [
        lambda: twice(infusion, {}, {"kind": "reinfusion"}),
        lambda: twice(infusion, {"kind": "reinfusion"}, {"product": Product.objects.get(name="Yescarta")}),
    ],
    "infusion_first_is_only_one": [lambda: twice(infusion, {}, {"sequence": 2})],
    "infusion_trial_by_category": [
        lambda: infusion(category="ACT"), lambda: infusion(category="ICT"),
        lambda: infusion(trial=Trial.objects.first()),
    ],
    "infusion_date_is_first_of_period": [
        lambda: infusion(date_precision="month"),
        lambda: infusion(date_precision="year"),
        lambda: infusion(date_precision="year", infused_on=date(2020, 5, 1)),
        lambda: infusion(date_precision="week"),
        lambda: infusion(date_precision=""),
    ],
    "infusion_sequence_is_1_to_9": [lambda: infusion(sequence=0), lambda: infusion(sequence=10)],
    "infusion_age_is_possible": [lambda: infusion(age_at_infusion=121)],
    # An unknown category breaks the rule about trials too: PostgreSQL names the first by alphabet.
    "infusion_category_is_known": [lambda: infusion(category="XYZ"), lambda: infusion(category="")],
    "infusion_kind_is_known": [lambda: infusion(kind="second"), lambda: infusion(kind="")],
    "infusion_sex_stated_is_known": [
        lambda: infusion(sex_stated="f"), lambda: infusion(sex_stated=""),
    ],
    "infusion_status_is_known": [lambda: infusion(status="lost"), lambda: infusion(status="")],
    "release_has_titles": [lambda: release(title_sv=""), lambda: release(title_en="")],
    "release_file_has_its_name": [lambda: twice(release_file, {}, {})],
    "last_seen_once_an_instance": [lambda: twice(last_seen, {}, {})],
    "chain_link_has_its_number": [lambda: [link(number=5, hash=b"h") for _twice in range(2)]],
    "chain_link_is_sealed_whole": [
        lambda: link(number=5),
        lambda: link(hash=b"h"),
        lambda: link(number=0, hash=b"h"),
    ],
    "chain_link_kind_is_known": [lambda: link(kind="other")],
    "chain_link_removes_or_hashes": [
        lambda: link(hashes=None),
        lambda: link(width=None),
        lambda: link(acted_by="someone"),
        lambda: link(latest_at=timezone.now()),
        lambda: link(kind="removed", acted_by="someone"),
        lambda: link(kind="removed", hashes=None, width=None),
        lambda: link(kind="rewritten"),
        lambda: link(kind="rewritten", acted_by="0099_x", hashes=None),
    ],
    "last_seen_sign_is_known": [lambda: last_seen(sign="other")],
    "run_waits_once_a_task": [lambda: twice(run, {}, {})],
    "run_task_is_known": [lambda: run(task="registry.other")],
    "run_finished_has_outcome": [
        lambda: run(started_at=NOW, heartbeat_at=NOW, finished_at=NOW),
        lambda: run(started_at=NOW, heartbeat_at=NOW, outcome="done"),
    ],
    "run_started_has_heartbeat": [lambda: run(started_at=NOW), lambda: run(heartbeat_at=NOW)],
    "run_finishes_after_start": [lambda: run(finished_at=NOW, outcome="done")],
    "invitation_role_is_known": [
        lambda: invitation(role="chief"), lambda: invitation(centre=None),
        lambda: invitation(role="administrator"), lambda: invitation(centre=None, role="steward"),
    ],
    "invitation_is_accepted_or_revoked": [lambda: invitation(accepted_at=NOW, revoked_at=NOW)],
    "token_scope_is_known": [lambda: token(scope="all")],
    "token_expires_after_creation": [lambda: token(expires_at=datetime(2000, 1, 1, tzinfo=UTC))],
    "draft_is_sealed_if_autosaved": [
        lambda: draft(is_autosave=True),
        lambda: draft(sealed=b"x"),
        lambda: draft(is_autosave=True, sealed=b"x", fields={"batch": "B"}),
    ],
    "draft_holds_no_identifier": [lambda: draft(fields={"patient_id": "1"})],
    "question_has_one_asker": [lambda: question(asked_by=""), lambda: question(rule="age_improbable")],
    "question_answer_has_who_and_when": [
        lambda: question(answer="Yes."), lambda: question(answered_by="lead"), lambda: question(answered_at=NOW),
    ],
    "question_closing_has_who_and_when": [lambda: question(closed_at=NOW), lambda: question(closed_by="steward")],
    "question_of_a_rule_is_asked_once": [
        lambda: twice(question, *[{"asked_by": "", "rule": "age_improbable"}] * 2)
    ],
    "question_is_about_one_thing": [
        lambda: question(infusion=None), lambda: question(centre=Centre.objects.get(code="UPP")),
        lambda: question(referral=referral()),
    ],
    "question_sides_are_known": [lambda: question(asks="nobody"), lambda: question(waits_for="")],
    "message_side_is_known": [
        lambda: Message.objects.create(question=question(), side="both", text="x", written_by="x")
    ],
    "referral_state_is_known": [lambda: referral(state="lost", settled_by="steward", settled_at=NOW, **ERASED)],
    "referral_holds_no_identifier": [lambda: referral(fields={"patient_id": "1"})],
    "referral_is_open_or_erased": [
        lambda: referral(chain=None), lambda: referral(settled_by="steward"), lambda: referral(settled_at=NOW),
        lambda: referral(patient=Patient.objects.create(sex="female")),
        lambda: referral(state="declined", settled_by="steward", settled_at=NOW),
        lambda: referral(state="declined", settled_at=NOW, **ERASED),
        lambda: referral(state="expired", settled_by="steward", settled_at=NOW, **ERASED),
        lambda: referral(state="declined", settled_by="steward", settled_at=NOW, chain=None),
    ],
    "referral_birth_goes_with_chain": [
        lambda: referral(chain=None, patient=Patient.objects.create(sex="female"), birth_digest=b"d"),
        lambda: referral(state="declined", settled_by="steward", settled_at=NOW, **ERASED, birth_digest=b"d"),
    ],
    "referral_released_has_infusion": [
        lambda: referral(state="released", settled_by="steward", settled_at=NOW, **ERASED),
        lambda: referral(state="declined", settled_by="steward", settled_at=NOW, infusion=infusion(), **ERASED),
    ],
    "import_state_is_known": [lambda: job(state="lost")],
    "import_dry_run_stores_nothing": [lambda: job(state="stored")],
    "import_row_is_one_line": [lambda: twice(import_row, {}, {})],
    "import_row_holds_no_identifier": [lambda: import_row(cells={"patient_id": "1"})],
    "import_row_birth_goes_with_content": [
        lambda: import_row(birth_digest=b"d", staged={}), lambda: import_row(birth_digest=b"d", chain=b"c"),
    ],
    "idempotency_key_is_used_once": [
        lambda: IdempotencyKey.objects.bulk_create(
            [IdempotencyKey(owner=someone(), key="k", request_digest=b"1", status=201, body={})] * 2
        )
    ],
    "saved_filter_has_its_name": [
        lambda: SavedFilter.objects.bulk_create([SavedFilter(owner=someone(), name="a", query="sort=date")] * 2)
    ],
    "snapshot_date_has_precision": [
        lambda: snapshot(data_through=date(2021, 1, 1)),
        lambda: snapshot(data_through_precision="year"),
        lambda: snapshot(data_through=date(2021, 1, 1), data_through_precision="week"),
    ],
    "lookup_of_a_person_counts_once": [
        lambda: Lookup.objects.bulk_create([Lookup(user=someone(), token=b"1")] * 2)
    ],
    "lookup_refused_has_no_token": [lambda: Lookup.objects.create(user=someone(), refused=True, token=b"1")],
    "access_action_is_known": [lambda: AccessLog.objects.create(actor="x", action="look")],
}  # fmt: skip


def named_rules() -> set[str]:
    """The constraints of the registry's models; history tables have none of them."""
    return {
        constraint.name
        for model in apps.get_app_config("registry").get_models()
        for constraint in model._meta.constraints
    }


def test_every_constraint_is_violated_here():
    assert named_rules() == BROKEN.keys()


@pytest.mark.parametrize("name", BROKEN)
def test_the_database_refuses_a_violation_of(lists, name):
    for way in BROKEN[name]:
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            way()
        assert refused.value.__cause__.diag.constraint_name == name


def test_rows_without_a_violation_are_accepted(lists):
    """The same rows without a violation, so that each refusal above has the one reason that it names."""
    membership()
    identifier()
    product()
    run()
    Trial.objects.create(**TRIAL)
    infusion()
    infusion(sequence=2, kind="further_dose")
    infusion(sequence=9, kind="reinfusion", date_precision="year", infused_on=date(2021, 1, 1))
    trial("NCT99000010", other_identifiers=["NCT99000011"], area=TrialArea.objects.first(), atmp_class="sctmp")
    area(key="skin")
    twice(status, {}, {"since": date(2025, 1, 1), "date_precision": "year"}, {"status": "closed"})
    twice(exemption, {}, {}, {"first_year": 2016, "year": 2025, "through": date(2025, 5, 31)})
    twice(
        statement, {}, {}, {"patients": 8, "patients_with_imports": 9, "imports": 3}, {"imports": 0, "patients": 8}
    )
    statement_class()
    statement_country()
    infusion(sequence=3, kind="reinfusion", category="CUP", trial=Trial.objects.first(), age_at_infusion=120)


def test_a_withdrawn_infusion_frees_its_place_in_the_order(lists):
    infusion(status="withdrawn")
    infusion(status="draft")
    infusion()
    assert Infusion.objects.count() == 3


def test_an_infusion_has_no_free_text_but_its_batch_and_its_indication_asks_for_none():
    texts = [field for field in Infusion._meta.fields if isinstance(field, models.CharField | models.TextField)]
    assert [field.name for field in texts if not field.choices] == ["batch"]
    assert not [field.name for field in Indication._meta.fields if isinstance(field, models.BooleanField)]
