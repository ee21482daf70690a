"""What the commands print and store, and their exit codes (INTERFACE.md, "Commands")."""

import json
import stat

import pytest

from registry.access import Operator
from registry.entry.infusions.record import withdraw_infusion
from registry.models import (
    Centre,
    Indication,
    Infusion,
    Invitation,
    ManufacturingSite,
    Membership,
    Patient,
    Product,
    Question,
    Run,
    Snapshot,
    Trial,
    User,
)
from registry.publishing.verification import verify
from tests import factories

PEOPLE = {"ume", "upp", "sto", "ore", "lin", "got", "lun", "steward", "admin", "auditor", "upp-lead"}


# publish and verify


def test_publish_prints_the_number_and_the_hash(lists, manage):
    factories.record_several(lists)
    code, out, _err = manage("publish")
    snapshot = Snapshot.objects.get()
    assert (code, out) == (0, f"Published snapshot 1 {snapshot.hash}\n")
    assert Run.objects.get().outcome == "published"


def test_publish_again_says_that_nothing_has_changed(lists, manage):
    manage("publish")
    snapshot = Snapshot.objects.get()
    code, out, _err = manage("publish")
    assert (code, out) == (0, f"Nothing has changed since snapshot 1 {snapshot.hash}\n")
    assert Snapshot.objects.count() == 1


def test_publish_again_after_a_change_gives_the_next_number(lists, manage):
    infusion = factories.record(lists)
    manage("publish")
    withdraw_infusion(infusion_id=infusion.pk, by=Operator(), reason="a mistake")
    code, out, _err = manage("publish")
    assert (code, out.split()[:3]) == (0, ["Published", "snapshot", "2"])
    assert verify().differences == []


def test_an_empty_registry_can_be_published_and_verified(db, manage):
    assert manage("publish")[0] == 0
    assert Snapshot.objects.get().data_through is None
    assert manage("verify")[0] == 0


def test_verify_before_anything_is_published_is_exit_3(lists, manage):
    code, out, err = manage("verify")
    assert (code, out) == (3, "")
    assert err


@pytest.mark.parametrize("command", ["publish", "verify", "demo_data", "import_infusions", "reconcile"])
def test_an_unknown_option_is_exit_2(db, manage, command):
    assert manage(command, "--surprise")[0] == 2


# load_code_lists

CODE_LISTS = (Centre, ManufacturingSite, Product, Indication, Trial)
MADE_UP = (Trial, User, Membership, Invitation, Patient, Infusion)


def test_load_code_lists_stores_the_code_lists_and_nothing_made_up(db, manage):
    code, out, err = manage("load_code_lists")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "centres: 7 stored, 0 already there",
        "manufacturing sites: 1 stored, 0 already there",
        "products: 10 stored, 0 already there",
        "indications: 10 stored, 0 already there",
        "therapeutic areas: 9 stored, 0 already there",
        "populations: 28 stored, 0 already there",
    ]
    assert [model.objects.count() for model in CODE_LISTS] == [7, 1, 10, 10, 0]
    assert not any(model.objects.exists() for model in MADE_UP)
    names = [str(name) for model in CODE_LISTS for row in model.objects.values() for name in row.values()]
    assert not any("demonstration" in name.lower() for name in names)


def test_load_code_lists_again_stores_what_is_missing_alone(db, manage):
    manage("load_code_lists")
    Centre.objects.filter(code="LIN").update(name="Linköpings universitetssjukhus", position=3)
    Product.objects.filter(name__in=("Abecma", "Aucatzyl")).delete()
    before = [list(model.objects.values()) for model in (Centre, ManufacturingSite, Indication)]
    _code, out, _err = manage("load_code_lists")
    assert out.splitlines()[2] == "products: 2 stored, 8 already there"
    assert [list(model.objects.values()) for model in (Centre, ManufacturingSite, Indication)] == before
    code, out, err = manage("load_code_lists")
    assert (code, err) == (0, "")
    assert [line.partition(": ")[2] for line in out.splitlines()] == [
        "0 stored, 7 already there", "0 stored, 1 already there", "0 stored, 10 already there",
        "0 stored, 10 already there", "0 stored, 9 already there", "0 stored, 28 already there",
    ]  # fmt: skip


def test_the_history_says_where_a_code_list_is_from(db, manage):
    manage("load_code_lists")
    histories = Centre.pgh_event_model.objects.values_list("acted_by", "reason", "pgh_label")
    assert set(histories) == {("operator", "code lists", "insert")}


# demo_data


def test_reference_only_stores_the_code_lists_and_no_users(db, as_demonstration, manage):
    code, out, err = manage("demo_data", "--reference-only")
    assert (code, out, err) == (0, "Code lists stored.\n", "")
    counts = [model.objects.count() for model in (Centre, Product, Indication, Trial)]
    assert counts == [7, 10, 10, 2]
    sponsors = dict(Trial.objects.values_list("identifier", "sponsor"))
    assert sponsors == {"NCT99000002": "academic", "NCT99000001": "industry"}
    for model in (User, Membership, Patient, Infusion):
        assert not model.objects.exists()


def test_reference_only_twice_changes_nothing(db, as_demonstration, manage):
    manage("demo_data", "--reference-only")
    before = list(Centre.objects.values()), list(Product.objects.values())
    assert manage("demo_data", "--reference-only")[0] == 0
    assert (list(Centre.objects.values()), list(Product.objects.values())) == before


def test_the_demonstrations_users_have_the_roles_and_passwords_that_are_printed(db, as_demonstration, manage):
    code, out, _err = manage("demo_data")
    assert code == 0
    printed = dict(
        line.removeprefix("login ").split(": ") for line in out.splitlines() if line.startswith("login ")
    )
    assert printed.keys() == PEOPLE
    for name, password in printed.items():
        assert User.objects.get(username=name).check_password(password)
    assert len(set(printed.values())) == len(PEOPLE)
    at = {m.user.username: (m.centre.code, m.role) for m in Membership.objects.all()}
    reporters = {code.lower(): (code, "reporter") for code in Centre.objects.values_list("code", flat=True)}
    assert at == reporters | {"upp-lead": ("UPP", "lead")}
    national = dict(User.objects.exclude(national_role="").values_list("username", "national_role"))
    assert national == {"steward": "steward", "admin": "administrator", "auditor": "auditor"}
    assert list(User.objects.filter(is_staff=True).values_list("username", flat=True)) == ["admin"]


def test_a_newcomer_finds_a_thread_under_way_once(db, as_demonstration, manage):
    for _time in range(2):
        assert manage("demo_data")[0] == 0
    asked = Question.objects.filter(asked_by="steward").select_related("infusion__centre")
    assert {question.infusion.centre.code for question in asked} == {"UPP"}
    assert sorted((bool(question.answered_at), question.messages.count()) for question in asked) == [
        (False, 0), (True, 1),
    ]  # fmt: skip
    assert {question.waits_for for question in asked} == {"clinic"}, "it is the newcomer's turn, as `upp`"


def test_logins_are_written_to_a_private_file_and_not_printed(db, as_demonstration, manage, tmp_path):
    path = tmp_path / "logins.json"
    code, out, _err = manage("demo_data", "--logins", path)
    assert code == 0
    assert "login" not in out
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = json.loads(path.read_text())
    assert kept.keys() == PEOPLE
    assert not any(password in out for password in kept.values())


def test_existing_logins_stay(db, as_demonstration, manage, tmp_path):
    path = tmp_path / "logins.json"
    manage("demo_data", "--logins", path)
    before = json.loads(path.read_text())
    User.objects.filter(username="lun").delete()
    manage("demo_data", "--logins", path)
    after = json.loads(path.read_text())
    assert {name for name in after if after[name] != before[name]} == {"lun"}
    assert User.objects.get(username="lun").check_password(after["lun"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_of_logins_that_others_could_read_becomes_private(db, as_demonstration, manage, tmp_path):
    path = tmp_path / "logins.json"
    path.write_text("{}")
    path.chmod(0o644)
    manage("demo_data", "--logins", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
