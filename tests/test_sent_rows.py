"""A file whose rows were sent to the registry's steward is uploaded again as it is: they keep nothing out."""

import pytest
from django.core.management import call_command

from registry.entry.infusions.record import withdraw_infusion
from registry.entry.questions import referrals, settling
from registry.models import Infusion, Referral
from tests import factories
from tests.desk import BY, COORDINATION, MAN, SECOND_WOMAN, WOMAN, address, sign_in, text
from tests.test_import import ROW, as_csv
from tests.test_import_jobs import counts, everything_stored, receive, run

pytestmark = pytest.mark.usefixtures("unsent")

FIRST = ROW | {"centre": "UPP", "kind": "first", "infused_on": "2020-03-04"}
# By line: three whom Stockholm knows, of whom the last stands there with two rows; one whom nobody knows.
ROWS = [
    FIRST | {"patient_id": WOMAN, "batch": "B 17"},
    FIRST | {"patient_id": MAN, "infused_on": "2020-05", "date_precision": "month"},
    FIRST
    | {
        "patient_id": COORDINATION,
        "infused_on": "2019",
        "date_precision": "year",
        "sequence": "2",
        "age_at_infusion": "49",
    },
    FIRST | {"patient_id": SECOND_WOMAN},
]
SENT = {2: WOMAN, 3: MAN, 4: COORDINATION}


@pytest.fixture
def theirs(lists):
    found = {who: factories.record(lists, who, centre="STO", infused_on="2021-05-05") for who in SENT.values()}
    factories.record(lists, COORDINATION, centre="LIN", infused_on="2022-01-01", kind="reinfusion")
    return found


@pytest.fixture
def sent(nurse, theirs) -> dict[str, Referral]:
    """By person, once all of the file's report are sent at the press of one button."""
    job = run(receive(nurse, ROWS))
    assert counts(job)[0] == "refused"
    sign_in(nurse).post(address("import-refer", job_id=job.pk))
    found = {}
    for one in Referral.objects.all():
        person = referrals.find_person(one, by=factories.user(f"s{one.pk}", national_role="steward"))
        found[next(who for who, row in theirs.items() if row.patient == person)] = one
    assert len(found) == 3
    return found


def told(job) -> dict[tuple[int, str], bool]:
    return {(one.line, one.code): one.warning for one in job.problems.all()}


def release(referral, steward, kind, rows) -> Infusion:
    said = {settling.SENT: kind} | rows
    known = referrals.find_person(referral, by=steward)
    stated = settling.read_sent(referral, by=steward)
    shown = settling.Settlement(settling.read_rows(known, by=steward), said, stated).fingerprint()
    return settling.release_referral(referral_id=referral.pk, answers=said, by=steward, message="", shown=shown)


def test_what_waits_at_the_steward_is_named_and_the_rest_is_stored(nurse, sent):
    job = run(receive(nurse, ROWS, dry_run=False))
    assert counts(job) == ("stored", 4, 1, 0, 0, 3)
    assert told(job) == {(line, "sent_to_steward"): True for line in SENT}
    assert [one.patient.identifiers.count() for one in Infusion.objects.filter(centre__code="UPP")] == [1]
    page = text(sign_in(nurse).get(address("import", job_id=job.pk)))
    assert address("referrals") in page
    assert "Sent to the registry's steward</dt><dd>3" in page.replace("&#x27;", "'")
    # And once more: nothing is new, and nothing is said to be stored that is not.
    again = run(receive(nurse, ROWS))
    assert counts(again) == ("checked", 4, 0, 1, 0, 3)
    page = text(sign_in(nurse).get(address("import", job_id=again.pk))).replace("&#x27;", "'")
    assert "All its rows are stored already." not in page
    assert Referral.objects.count() == 3


def test_what_the_steward_has_settled_keeps_nothing_out_however_it_was_settled(nurse, sent, steward, theirs):
    was_first = str(theirs[WOMAN].pk)
    release(sent[WOMAN], steward, "first", {was_first: "reinfusion"})
    release(sent[MAN], steward, "first", {str(theirs[MAN].pk): "withdraw"})
    referrals.decline(referral_id=sent[COORDINATION].pk, by=steward, message="It is Stockholm's.")
    job = run(receive(nurse, ROWS, dry_run=False))
    assert counts(job) == ("stored", 4, 1, 2, 0, 1)
    assert told(job) == {(4, "declined_by_steward"): True}


def test_a_row_that_became_another_kind_is_stored_already(nurse, sent, steward, theirs):
    """Sent as the first and released as a reinfusion: by its file of before it is no other infusion."""
    Infusion.objects.filter(pk=theirs[WOMAN].pk).update(infused_on="2019-01-01")
    infusion = release(sent[WOMAN], steward, "reinfusion", {str(theirs[WOMAN].pk): "first"})
    job = run(receive(nurse, ROWS[:1]))
    assert counts(job) == ("checked", 1, 0, 1, 0, 1)
    assert told(job) == {(2, "kind_stays"): True}
    assert address("ask-steward") in text(sign_in(nurse).get(address("import", job_id=job.pk)))
    # Another detail is another matter, and so is one of them that is withdrawn.
    job = run(receive(nurse, [ROWS[0] | {"batch": "B18"}]))
    assert told(job) == {(2, "duplicate"): False}
    withdraw_infusion(infusion_id=infusion.pk, by=BY, reason="never given")
    job = run(receive(nurse, ROWS[:1]))
    assert told(job) == {(2, "withdrawn_before"): True}


@pytest.mark.parametrize(
    "other",
    [
        {"infused_on": "2020-03-05"}, {"infused_on": "2020-03", "date_precision": "month"}, {"sequence": "2"},
        {"product": "Yescarta"}, {"patient_id": MAN}, {"centre": "LIN"},
    ],
    ids=lambda other: next(iter(other)),
)  # fmt: skip
def test_another_infusion_is_not_taken_for_the_one_that_was_sent(nurse, sent, lists, other):
    both = factories.user("both", lists.centres["UPP"], lists.centres["LIN"])
    job = run(receive(both, [ROWS[0] | other]))
    assert told(job)[2, "known_elsewhere"] is False


def test_a_detail_that_is_wrong_now_refuses_all_the_same(nurse, sent):
    job = run(receive(nurse, [ROWS[0] | {"category": "ACT"}]))
    assert job.state == "refused"
    assert (2, "trial_missing") in told(job)


def test_what_was_taken_back_is_refused_as_ever(nurse, sent):
    referrals.take_back(referral_id=sent[WOMAN].pk, by=nurse)
    job = run(receive(nurse, ROWS))
    assert told(job)[2, "known_elsewhere"] is False
    assert counts(job) == ("refused", 4, 1, 0, 1, 2)


def test_it_waits_also_where_nobody_else_knows_the_person_any_more(nurse, sent, theirs):
    withdraw_infusion(infusion_id=theirs[WOMAN].pk, by=BY, reason="never given")
    job = run(receive(nurse, ROWS, dry_run=False))
    assert told(job)[2, "sent_to_steward"] is True
    assert Infusion.objects.filter(centre__code="UPP").count() == 1


def test_what_is_kept_to_know_it_again_cannot_be_read(nurse, sent, steward):
    referrals.decline(referral_id=sent[WOMAN].pk, by=steward, message="It is Stockholm's.")
    kept = Referral.objects.get(pk=sent[WOMAN].pk)
    assert (kept.fields, kept.chain, len(bytes(kept.place))) == ({}, None, 32)
    stored = everything_stored()
    for who in SENT.values():
        assert who.replace("-", "") not in stored


def test_the_notice_says_what_is_sent_and_what_remains(nurse, theirs):
    rows = [*ROWS[:2], ROWS[3] | {"product": "Aspirin"}]
    job = run(receive(nurse, rows))
    client = sign_in(nurse)
    page = address("import", job_id=job.pk)
    assert "Nothing stored: 3 rows are refused" in text(client.get(page))
    for line, left in (("2", "1 of 3 refused rows is sent"), ("3", "2 of 3 refused rows are sent")):
        client.post(address("import-refer", job_id=job.pk), {"line": line})
        shown = text(client.get(page))
        assert left in shown
        assert "3 rows are refused" not in shown
    assert "1 row remains" in shown
    only = run(receive(nurse, [FIRST | {"patient_id": COORDINATION}]))
    client.post(address("import-refer", job_id=only.pk))
    shown = text(client.get(address("import", job_id=only.pk)))
    assert "Upload the same file again" in shown


def test_the_command_says_it_too(nurse, sent, tmp_path, capsys):
    path = tmp_path / "file.csv"
    path.write_bytes(as_csv(ROWS))
    call_command("import_infusions", str(path), by="nurse")
    said = capsys.readouterr().out
    assert said.count("warning: sent_to_steward:") == 3
    assert "1 rows stored, 3 sent to the registry's steward" in said
