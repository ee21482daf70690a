"""A list of trials by hospital beside the registry's, and where it contradicts itself (ATMP.md)."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from registry.published.atmp_file import Listed, TrialList
from registry.published.atmp_verdicts import Ours, Told, Verdict, add_up, compare
from registry.wording import say_number


def compare_list(read: TrialList, ours: Ours) -> Iterator[Told]:
    """Each number of a list, in its order, and what cannot be of it."""
    printed = list(read.trials.values())
    what = _("Trials ever, in the country")
    if len(set(printed)) > 1:
        names = {"title": _("heading"), "lead": _("introduction")}
        why = _("Two numbers of one thing, %(apart)s apart: %(where)s.") % {
            "apart": say_number(max(printed) - min(printed)),
            "where": ", ".join(
                f"{names.get(place, place)} {say_number(number)}" for place, number in read.trials.items()
            ),
        }  # fmt: skip
        said = " / ".join(map(say_number, printed))
        yield Told(what, said, say_number(ours.nation["ever"]), Verdict.DIFFERENT, why)
    elif printed:
        yield compare(what, printed[0], ours.nation["ever"])
    yield from _compare_sums(read, ours)
    for one in read.hospitals:
        yield from _compare_hospital(one, read.hospitals, ours)


def _compare_sums(read: TrialList, ours: Ours) -> Iterator[Told]:
    """The sums of the hospitals, which are of site trials."""
    ever, now = ([getattr(one, name) for one in read.hospitals] for name in ("ever", "open"))
    trials = min(read.trials.values(), default=0)
    what = _("Site trials ever, added up over the hospitals")
    arithmetic = f"{add_up(ever)}."
    if sum(ever) >= trials:
        why = _("Site trials of %(trials)s trials: one at several hospitals is counted at each.") % {
            "trials": say_number(trials)
        }
        verdict = Verdict.EXPLAINED
    else:
        why = _("Fewer than the %(trials)s trials.") % {"trials": say_number(trials)}
        verdict = Verdict.DIFFERENT
    yield Told(what, say_number(sum(ever)), "", verdict, f"{arithmetic} {why}")
    what, same = _("Open site trials, added up over the hospitals"), sum(now) == ours.nation["site_trials"]
    found = say_number(ours.nation["site_trials"])
    differ = any(_find(ours, one.centre, "trials") not in {None, one.open} for one in read.hospitals)
    silent = [ours.name(one.centre) for one in read.hospitals if _find(ours, one.centre, "trials") is None]
    said = [f"{add_up(now)}."]
    if silent:
        said.append(_("Not stated to the registry: %(hospitals)s.") % {"hospitals": ", ".join(silent)})
    if same and (differ or silent):
        said.append(_("The sums are equal by chance: those of the hospitals are not."))
    verdict = Verdict.EQUAL if same and not differ and not silent else Verdict.DIFFERENT
    yield Told(what, say_number(sum(now)), found, verdict, " ".join(said))


def _compare_hospital(one: Listed, others: Sequence[Listed], ours: Ours) -> Iterator[Told]:
    """Both numbers of a hospital, and whether they can be together."""
    for name, printed, what in (
        ("ever", one.ever, _("Trials ever, %(hospital)s")), ("trials", one.open, _("Open trials, %(hospital)s")),
    ):  # fmt: skip
        found = _find(ours, one.centre, name)
        yield compare(what % {"hospital": ours.name(one.centre)}, printed, found)
    if one.open <= one.ever:
        return
    what = _("Open of ever, %(hospital)s") % {"hospital": ours.name(one.centre)}
    said = [
        _("Impossible: %(open)s open of %(ever)s ever.")
        % {"open": say_number(one.open), "ever": say_number(one.ever)}
    ]
    fits = _(
        "Exchanged with %(other)s it would fit: %(open)s of %(ever)s, and %(other_open)s of %(other_ever)s there."
    )
    said += [
        fits % {
            "other": ours.name(other.centre), "open": say_number(one.open), "ever": say_number(other.ever),
            "other_open": say_number(other.open), "other_ever": say_number(one.ever),
        }
        for other in others
        if other != one and one.open <= other.ever and other.open <= one.ever
    ]  # fmt: skip
    both = _("%(open)s of %(ever)s") % {"open": say_number(one.open), "ever": say_number(one.ever)}
    yield Told(what, both, "", Verdict.DIFFERENT, " ".join(said))


def _find(ours: Ours, centre: str, measure: str) -> int | None:
    """A hospital's number; None where the registry has no such hospital, or it has never answered."""
    row = ours.centres.get(centre)
    found: int | None = row[measure] if row else None
    return found
