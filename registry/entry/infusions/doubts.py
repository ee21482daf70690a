"""Doubts about infusions, and the questions to clinics that a change opens or closes.

Every change compares the doubts before and after it. Each infusion is judged only by its own centre's infusions
and by whether the person has others, so that no question reveals another centre's records.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from registry.access import Actor
from registry.choices import Category, Side, Status
from registry.course_kinds import doubt_in_course
from registry.course_rules import KIND_CODES, doubt_alone
from registry.entry.infusions.columns import STORED
from registry.entry.infusions.kept_lists import KeptLists
from registry.entry.questions.questions import ask_by_rules
from registry.entry.trials.rules import SiteStatus, was_ongoing
from registry.errors import Problem
from registry.infusion_input import InfusionInput
from registry.infusion_rules import SPONSOR_OF, check_input, doubt_entry
from registry.models import Infusion
from registry.models.batch import AS_COMPARED
from registry.models.by_hand import columns_of, row_of
from registry.models.infusion import order_course
from registry.models.keys import unnest
from registry.sentences import Sentence as _
from swecar.postgresql.together import Waiting, send_later

BATCH = "batch_of_another_person"
Doubts = Mapping[UUID, Mapping[str, Problem]]
# Codes that raise a question for a row of a file; other warnings are only in the file's report.
OF_FILE = KIND_CODES | {"cup_in_industry_trial", BATCH}
# Codes that follow from the stored rows alone, so that a question is closed when its cause is gone.
JUDGED = OF_FILE | {
    "long_gap", "no_earlier_infusion", "third_infusion", "date_on_weekend", "date_improbable", "age_improbable",
    "product_before_authorisation", "investigational_in_care", "trial_not_ongoing",
}  # fmt: skip
OF_LISTS = ("centre", "product", "indication", "trial")
JUDGED_BY = tuple(column.name for column in STORED if column.name != "manufacturing_site")  # no rule asks about it

SHARED_BATCHES = f"""
SELECT own.id FROM registry_infusion AS own
WHERE own.{{column}} = ANY(%s) AND own.status = 'submitted' AND own.batch <> ''
  AND {AS_COMPARED.format(batch="own.batch")} <> ''
  AND EXISTS (
      SELECT FROM registry_infusion AS other
      WHERE {AS_COMPARED.format(batch="other.batch")} = {AS_COMPARED.format(batch="own.batch")}
        AND other.batch <> '' AND other.status = 'submitted'
        AND other.centre_id = own.centre_id AND other.patient_id <> own.patient_id)
"""
OPEN_QUESTIONS = """
SELECT question.id, question.infusion_id, rule, waits_for, infusion.status,
       EXISTS (SELECT FROM registry_message AS message WHERE message.question_id = question.id)
FROM registry_question AS question JOIN registry_infusion AS infusion ON infusion.id = question.infusion_id
WHERE question.closed_at IS NULL AND {about}
"""
CLOSE = "UPDATE registry_question SET closed_at = %s WHERE id = ANY(%s::bigint[])"
ROWS = f"""
SELECT {columns_of(Infusion, "infusion")} FROM registry_infusion AS infusion
WHERE status = 'submitted' AND patient_id = ANY(%s::bigint[]) ORDER BY patient_id
"""
STATUSES = """
SELECT site.centre_id, site.trial_id, known.status, known.since
FROM registry_sitetrialstatus AS known JOIN registry_sitetrial AS site ON site.id = known.site_trial_id
WHERE site.trial_id = ANY(%s::bigint[])
"""
OF_PERSONS = "infusion.patient_id = ANY(%s)"


class OpenQuestion(NamedTuple):
    """A question that is not closed. status: the infusion's."""

    pk: int
    infusion: UUID
    rule: str
    waits_for: str
    status: str
    has_messages: bool

    @property
    def is_untouched(self) -> bool:
        """Whether a rule asks, and nobody has answered or written."""
        return bool(self.rule) and self.waits_for == Side.CLINIC and not self.has_messages


def read_rows(persons: Collection[int], lists: KeptLists | None = None) -> list[Infusion]:
    """The persons' submitted infusions with what the rules ask about them, each person's together.

    lists: the code lists, where they are read already.
    """
    if lists is not None:
        return fill_rows(ask_rows(persons), lists)
    rows = Infusion.objects.counted().filter(patient__in=unnest(persons)).order_by("patient")
    return list(rows.select_related(*OF_LISTS))


def ask_rows(persons: Collection[int]) -> Waiting:
    """Ask for the persons' submitted infusions with the next statement, for `fill_rows`."""
    return send_later(ROWS, [list(persons)], is_asked=True)


def fill_rows(asked: Waiting, lists: KeptLists) -> list[Infusion]:
    """What `ask_rows` asked for, with the lists' rows."""
    return [lists.fill(row_of(Infusion, row), OF_LISTS) for row in asked.rows]


def read_doubts(persons: Collection[int]) -> Doubts:
    """The doubts in the persons' submitted infusions, by infusion and code. Two queries."""
    return _judge_all(persons, read_rows(persons))


def judge_courses(rows: Iterable[Infusion]) -> dict[UUID, dict[str, Problem]]:
    """The doubts that follow from the persons' own infusions, as `read_rows` gives them."""
    found: dict[UUID, dict[str, Problem]] = {}
    for _person, theirs in groupby(rows, key=lambda row: row.patient_id):
        course = list(theirs)
        for centre in {row.centre_id for row in course}:
            own = [row for row in course if row.centre_id == centre]
            for infusion, doubt in _judge(own, elsewhere=len(own) < len(course)):
                found.setdefault(infusion.pk, {})[doubt.code] = doubt
    return found


def _judge_all(persons: Collection[int], rows: Sequence[Infusion]) -> Doubts:
    found = judge_courses(rows)
    of_trials = [row for row in rows if row.trial_id and row.category in SPONSOR_OF]
    # Asked for whoever has been in a trial, and where nobody has: another centre's rows change no statement.
    statuses = send_later(STATUSES, [[row.trial_id for row in of_trials]], is_asked=True)
    for pk in _find_shared_batches("patient_id", persons):
        found.setdefault(pk, {})[BATCH] = batch_doubt()
    for pk, doubt in _doubt_trials(of_trials, statuses):
        found.setdefault(pk, {})[doubt.code] = doubt
    return found


def _doubt_trials(of_trials: Iterable[Infusion], statuses: Waiting) -> Iterator[tuple[UUID, Problem]]:
    """Infusions of days on which their trial was not ongoing at the centre, where the centre states the trial."""
    courses: dict[tuple[int, int], list[SiteStatus]] = {}
    for centre, trial, status, since in statuses.rows:
        courses.setdefault((centre, trial), []).append(SiteStatus(status, since))
    for row in of_trials:
        course = courses.get((row.centre_id, row.trial_id or 0))
        if course and not was_ongoing(course, row.infused_on, row.date_precision):
            sentence = _("The trial was not ongoing at the centre on that day: is it right?")
            yield row.pk, Problem("trial", "trial_not_ongoing", sentence, True)


def follow_doubts(
    persons: Collection[int],
    *,
    before: Doubts,
    by: Actor,
    changed: Sequence[Infusion] = (),
    rows: Sequence[Infusion] | None = None,
    also: Sequence[Problem] = (),
    confirmed: Collection[str] = (),
    answered: Collection[str] = (),
) -> None:
    """Ask about doubts that are new since `before`, and close questions whose doubt is gone; within the
    transaction of the change.

    changed: the infusions that were entered or corrected: all their doubts are asked about, of others only doubts
    about their kind. rows: as `read_rows` would read them now, where they are known. also: more doubts
    about `changed`; confirmed: codes that their clinic has confirmed; answered: codes of questions about them that
    the change answers.
    """
    rows = read_rows(persons) if rows is None else rows
    asked = send_later(OPEN_QUESTIONS.format(about=OF_PERSONS), [list(persons)], is_asked=True)
    after = _judge_all(persons, rows)
    new = _find_new(before, after)
    of_kind = [(pk, doubt) for pk, doubt in new if doubt.code in KIND_CODES]
    keys = {infusion.pk for infusion in changed}
    own = [(pk, doubt) for pk in keys for doubt in also] + [(pk, doubt) for pk, doubt in new if pk in keys]
    known = {(pk, code) for pk in keys for code in confirmed}
    open_before = [OpenQuestion(*row) for row in asked.rows]
    asking = {(question.infusion, question.rule) for question in open_before}
    ask_by_rules([*of_kind, *own], by=by, confirmed=known, asking=asking)
    _settle(open_before, before, after, {(pk, code) for pk in keys for code in answered})


def follow_file(persons: Collection[int], *, before: Doubts, by: Actor) -> None:
    """Like `follow_doubts` after a file is stored: asks about its rows and about earlier ones."""
    after = read_doubts(persons)
    new = _find_new(before, after)
    ask_by_rules([(pk, doubt) for pk, doubt in new if doubt.code in OF_FILE], by=by)
    _settle(_read_open(OF_PERSONS, list(persons)), before, after)


def batch_doubt() -> Problem:
    """The warning for a row whose batch another person has."""
    return Problem("batch", BATCH, _("Another person has an infusion of this batch: is the number right?"), True)


def as_stated(infusion: Infusion) -> InfusionInput:
    """A stored infusion as input, without the identifier."""
    stated = InfusionInput(**{name: getattr(infusion, name) for name in JUDGED_BY})
    stated.category = Category(infusion.category)
    return stated


def _judge(own: Sequence[Infusion], *, elsewhere: bool) -> Iterator[tuple[Infusion, Problem]]:
    """The doubts in one person's infusions at a centre."""
    in_order = order_course(own)
    inputs = [as_stated(infusion) for infusion in in_order]
    steps = [stated.step for stated in inputs]
    if not elsewhere:
        yield from ((in_order[0], doubt) for doubt in doubt_alone(steps[0]))
    for place, (infusion, stated) in enumerate(zip(in_order, inputs, strict=True)):
        others = [*steps[:place], *steps[place + 1 :]]
        alone = [problem for problem in check_input(stated) if problem.warning]
        in_course = doubt_in_course(steps[place], others, elsewhere=elsewhere)
        yield from ((infusion, doubt) for doubt in (*alone, *doubt_entry(stated, others), *in_course))


def _find_new(before: Doubts, after: Doubts) -> list[tuple[UUID, Problem]]:
    return [
        (pk, doubt)
        for pk, doubts in after.items()
        for code, doubt in doubts.items()
        if code not in before.get(pk, {})
    ]


def _find_shared_batches(column: str, keys: Collection) -> set[UUID]:
    """The infusions whose batch another person has at the same centre. column, keys: which are asked about."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED_BATCHES.format(column=column), [list(keys)])
        return {pk for (pk,) in cursor}


def _read_open(about: str, value: str | list[int]) -> list[OpenQuestion]:
    """The open questions about infusions, withdrawn ones among them. about: a condition in SQL with the value."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN_QUESTIONS.format(about=about), [value])
        return [OpenQuestion(*row) for row in cursor]


def _settle(
    open_before: Iterable[OpenQuestion],
    before: Doubts,
    after: Doubts,
    answered: Collection[tuple[UUID, str]] = (),
) -> None:
    """Close unanswered questions of rules whose cause is gone. The rules close them and not the actor, whose name
    would reveal which other centre knows the person.
    """
    gone = [
        question.pk
        for question in open_before
        if question.is_untouched
        and (
            question.status == Status.WITHDRAWN
            or (question.infusion, question.rule) in answered
            or (question.rule in JUDGED and question.rule not in after.get(question.infusion, {}))
        )
    ]
    if any(BATCH in doubts and BATCH not in after.get(pk, {}) for pk, doubts in before.items()):
        # The question about the other person's row is closed too.
        asked = [question for question in _read_open("rule = %s", BATCH) if question.is_untouched]
        still = _find_shared_batches("id", [question.infusion for question in asked])
        gone += [question.pk for question in asked if question.infusion not in still]
    send_later(CLOSE, [timezone.now(), gone])
