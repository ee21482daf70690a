"""What is doubted between trials, infusions and statements: questions to the site, which refuse nothing."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from registry.access import Actor, Permission
from registry.choices import Category
from registry.dates import today
from registry.entry.trials.rules import SiteStatus, doubt_course, was_ongoing
from registry.entry.trials.site_trials import as_stated
from registry.errors import Problem
from registry.models import Centre, Infusion, ManufacturingStatement, SiteTrial, Snapshot
from registry.published.statements import MEASURES, list_falls, list_manufacturing
from registry.sentences import Sentence as _

OF_TRIALS = (Category.ACT, Category.ICT)


class Doubt(NamedTuple):
    """A doubt with what it is about: a centre or site, and a trial's number where there is one."""

    place: str
    about: str
    problem: Problem


def list_doubts(*, by: Actor) -> list[Doubt]:
    """The doubts of the centres whose trials the actor states."""
    rows = list(
        SiteTrial.objects.visible_to(by, Permission.STATE_TRIALS)
        .select_related("trial", "centre")
        .prefetch_related("statuses")
        .order_by("centre__code", "trial__identifier")
    )
    courses = {(row.centre_id, row.trial_id): [as_stated(one) for one in row.statuses.all()] for row in rows}
    doubts = [
        Doubt(row.centre.code, row.trial.identifier, problem)
        for row in rows
        for problem in doubt_course(courses[row.centre_id, row.trial_id])
    ]
    return [*doubts, *_doubt_infusions(courses, by), *_doubt_statements(by)]


def _doubt_infusions(courses: Mapping[tuple[int, int], list[SiteStatus]], by: Actor) -> Iterator[Doubt]:
    """Infusions of ACT and ICT outside their trial's time; at centres that have stated trials."""
    taking_part = {centre for centre, _trial in courses}
    if not taking_part:
        return
    found: dict[tuple[str, str, str], int] = defaultdict(int)
    infusions = Infusion.objects.visible_to(by).counted().filter(centre__in=taking_part, category__in=OF_TRIALS)
    listed = infusions.order_by("centre__code", "trial__identifier").values_list(
        "centre", "centre__code", "trial", "trial__identifier", "infused_on", "date_precision"
    )
    for centre, code, trial, identifier, day, precision in listed:
        course = courses.get((centre, trial))
        if course is None:
            found[code, identifier, "trial_not_stated"] += 1
        elif not was_ongoing(course, day, precision):
            found[code, identifier, "trial_not_ongoing"] += 1
    for (code, identifier, what), number in found.items():
        if what == "trial_not_stated":
            sentence = _("The centre has infusions of this trial (%(number)s) and does not state the trial.")
            problem = Problem("trial", "trial_not_stated", sentence % {"number": number}, True)
        else:
            sentence = _("Infusions of this trial (%(number)s) are of days on which it was not ongoing here.")
            problem = Problem("trial", "trial_not_ongoing", sentence % {"number": number}, True)
        yield Doubt(code, identifier, problem)


def _doubt_statements(by: Actor) -> Iterator[Doubt]:
    """Measures "since the start" that fall, and fewer batches than CAR-T products counted from there."""
    centres = Centre.objects.visible_to(by, Permission.STATE_TRIALS)
    statements = ManufacturingStatement.objects.filter(site__centre__in=centres).select_related("site")
    rows = [
        {"site": row.site.code, "as_of": row.as_of.isoformat(), **{name: getattr(row, name) for name in MEASURES}}
        for row in statements.order_by("id")
    ]
    day = today().isoformat()
    for fall in list_falls(rows, day):
        label = str(ManufacturingStatement._meta.get_field(fall["measure"]).verbose_name)  # type: ignore[union-attr]
        said = {"what": label, "before": fall["from"], "after": fall["to"], "day": fall["as_of"]}
        sentence = _("%(what)s fell from %(before)s to %(after)s by %(day)s: which is right?")
        yield Doubt(fall["site"], "", Problem(fall["measure"], "count_falls", sentence % said, True))
    made = _read_manufactured() if rows else {}
    for stated in list_manufacturing(rows, day):
        batches, counted = stated["batches"], made.get(stated["site"])
        if batches is not None and counted is not None and counted > batches:
            sentence = _("The registry counts %(counted)s products made there, more than the %(batches)s batches.")
            told = {"counted": counted, "batches": batches}
            yield Doubt(stated["site"], "", Problem("batches", "fewer_batches", sentence % told, True))


def _read_manufactured() -> dict[str, int]:
    """What is published as made at each site: the centre of a site does not see others' infusions."""
    snapshot = Snapshot.objects.order_by("-number").first()
    sites = snapshot.map_document["manufacturing"] if snapshot else []
    return {site["site"]: site["manufactured"] for site in sites}
