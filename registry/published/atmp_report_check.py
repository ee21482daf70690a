"""A report's numbers on trials, exemption and manufacture beside the registry's (ATMP.md, "Worked example")."""

from collections.abc import Iterator, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.choices import County, ManufacturedClass
from registry.published.atmp_file import Rate, Report
from registry.published.atmp_query import MANUFACTURING_MEASURES
from registry.published.atmp_verdicts import (
    TENTH,
    TWO,
    Ours,
    Told,
    Verdict,
    add_up,
    compare,
    round_like,
    say_about,
    say_decimal,
)
from registry.wording import list_words, say_number

UNKNOWN = "unknown"
TOLD = 2  # decimals of the registry's rate
THOUSANDTH = Decimal("0.001")


def compare_report(read: Report, ours: Ours) -> Iterator[Told]:
    """Each number of a report, in its order."""
    where = list_words([County(code).label for code in read.counties])
    yield _compare_ongoing(read, ours, where)
    yield _compare_population(read, ours, where)
    yield _compare_rate(read, ours, where)
    for centre, classes in read.classes.items():
        for name, printed in classes.items():
            what = _("Ongoing trials, %(hospital)s, %(class)s") % {
                "hospital": ours.name(centre), "class": ManufacturedClass(name).label,
            }  # fmt: skip
            yield compare(what, printed, _count_class(ours, centre, name))
        yield _compare_rest(read, ours, centre, sum(classes.values()))
    yield from _compare_abroad(read.abroad)
    for one in read.exemption:
        yield _compare_exemption(one.centre, one.product, one.patients, one.about, ours)
    yield from _compare_made(read, ours)


def _count_class(ours: Ours, centre: str, name: str) -> int | None:
    """Ongoing trials of a class at a hospital; None where it has never answered."""
    known = ours.centres.get(centre, {"trials": None})
    return None if known["trials"] is None else ours.classes.get((centre, name), 0)


def _compare_ongoing(read: Report, ours: Ours, where: str) -> Told:
    sites, trials = ours.counties["site_trials"], ours.counties["trials"]
    why = ""
    if sites == read.home.trials != trials:
        why = _(
            "%(sites)s site trials are %(trials)s trials: one at several hospitals is counted once at each."
        ) % {"sites": say_number(sites), "trials": say_number(trials)}
    what = _("Ongoing trials, %(where)s") % {"where": where}
    return compare(what, read.home.trials, sites, why, explained=bool(why))


def _compare_population(read: Report, ours: Ours, where: str) -> Told:
    what = _("Population in millions, %(where)s") % {"where": where}
    printed, persons = read.home.millions, ours.counties["population"]
    if persons is None:
        return Told(what, say_decimal(printed), "", Verdict.NOT_COMPARED)
    found = round_like(Decimal(persons) / 1_000_000, printed)
    verdict = Verdict.EQUAL if found == printed else Verdict.DIFFERENT
    why = _("%(persons)s on 31 December %(year)s.") % {
        "persons": say_number(persons), "year": ours.counties["population_year"],
    }  # fmt: skip
    return Told(what, say_decimal(printed), say_decimal(found), verdict, why)


def _compare_rate(read: Report, ours: Ours, where: str) -> Told:
    home = read.home
    found = ours.counties["per_100_000"]
    what = _("Ongoing trials per 100,000, %(where)s") % {"where": where}
    registry = "" if found is None else number_format(found, TOLD, use_l10n=True)
    verdict, said = _check_rate(home)
    if verdict is Verdict.DIFFERENT:
        said += _find_part(read, ours)
    return Told(what, say_decimal(home.per_100_000), registry, verdict, " ".join(said))


def _check_rate(rate: Rate) -> tuple[Verdict, list[str]]:
    """Whether a printed rate is that of its own numbers, with the division in words."""
    exact, printed = Decimal(rate.trials) / rate.of, rate.per_100_000
    rounded = round_like(exact, printed)
    if exact.quantize(printed, ROUND_DOWN) == printed != rounded:
        said = _("%(division)s, rounded %(rounded)s: the printed number is cut off, and not rounded.")
        division = _say_division(rate, round_like(exact, THOUSANDTH))
        return Verdict.EXPLAINED, [said % {"division": division, "rounded": say_decimal(rounded)}]
    verdict = Verdict.EQUAL if rounded == printed else Verdict.DIFFERENT
    return verdict, [f"{_say_division(rate, round_like(exact, TWO))}."]


def _say_division(rate: Rate, result: Decimal) -> str:
    return f"{say_number(rate.trials)}/{say_decimal(rate.of)} = {say_decimal(result)}"


def _find_part(read: Report, ours: Ours) -> list[str]:
    """The hospital whose trials alone, over the population of all, are the printed rate."""
    said = _(
        "Inference: %(hospital)s alone has %(sum)s, and %(number)s/%(population)s = %(rate)s, which is rounded to "
        "what is printed."
    )
    found = []
    for centre, classes in read.classes.items():
        number = sum(classes.values())
        exact = Decimal(number) / read.home.of
        if round_like(exact, read.home.per_100_000) == read.home.per_100_000:
            found.append(said % {
                "hospital": ours.name(centre), "sum": add_up(classes.values()), "number": say_number(number),
                "population": say_decimal(read.home.of), "rate": say_decimal(round_like(exact, TWO)),
            })  # fmt: skip
    return found


def _compare_rest(read: Report, ours: Ours, centre: str, printed: int) -> Told:
    """What the sum leaves for the other hospitals: a number that is not printed, but follows."""
    rest = read.home.trials - printed
    what = _("Ongoing trials at the other hospitals than %(hospital)s") % {"hospital": ours.name(centre)}
    difference = f"{say_number(read.home.trials)} − {say_number(printed)} = {say_number(rest)}."
    return compare(what, rest, sum(n for code, n in ours.within.items() if code != centre), difference)


def _compare_abroad(rate: Rate) -> Iterator[Told]:
    verdict, said = _check_rate(rate)
    what = _("Trials per 100,000, abroad")
    yield Told(what, say_decimal(rate.per_100_000), "", verdict, " ".join(said))


def _compare_exemption(centre: str, product: str, patients: int, about: bool, ours: Ours) -> Told:
    what = _("Patients under the hospital exemption, %(hospital)s: %(product)s") % {
        "hospital": ours.name(centre), "product": product,
    }  # fmt: skip
    rows = [row for row in ours.exemption if row["centre"] == centre and row["about"] is about]
    same = any(row["patients"] == patients for row in rows)
    printed = say_about(patients, about)
    if not rows or all(row["patients"] is None for row in rows):
        return Told(what, printed, "", Verdict.NOT_COMPARED)
    registry = ", ".join(say_about(row["patients"], row["about"]) for row in rows)
    why = _("An approximate number, added to no other.") if about else ""
    return Told(what, printed, registry, Verdict.EQUAL if same else Verdict.DIFFERENT, why)


def _compare_made(read: Report, ours: Ours) -> Iterator[Told]:
    site, row = ours.name(read.site), ours.sites.get(read.site)
    for name, printed in read.made.items():
        what = f"{site}, {MANUFACTURING_MEASURES[name].label(ours.language)}"
        why = _say_imports(read.made) if name == "patients_with_imports" else ""
        yield compare(what, printed, row and row[name], why, explained=bool(why))
    yield _compare_classes(read, site, row)
    for name, percent in read.percent.items():
        yield _compare_share(read, site, row, name, percent)
    what = _("%(site)s, products made for an infusion") % {"site": site}
    why = _("Counted by the registry: another number than the %(products)s kinds of product.") % {
        "products": say_number(read.made["products"]),
    }  # fmt: skip
    yield compare(what, read.manufactured, row and row["manufactured"], why)


def _say_imports(made: Mapping[str, int]) -> str:
    """What the imports are, where they are not the patients by whom the two numbers differ."""
    more = made["patients_with_imports"] - made["patients"]
    if more == made["imports"]:
        return ""
    return _(
        "%(with)s − %(patients)s = %(more)s patients, but there are %(imports)s imports: these are products or "
        "consignments, and not patients."
    ) % {
        "with": say_number(made["patients_with_imports"]), "patients": say_number(made["patients"]),
        "more": say_number(more), "imports": say_number(made["imports"]),
    }  # fmt: skip


def _compare_classes(read: Report, site: str, row: Mapping[str, Any] | None) -> Told:
    what, printed = _("%(site)s, classes of product") % {"site": site}, read.kinds_of_class
    classes = {one["class"]: one["products"] for one in row["classes"]} if row else {}
    named = [name for name in classes if name != UNKNOWN]
    if not classes:
        return compare(what, printed, None)
    if UNKNOWN in classes and len(named) < printed:
        why = _(
            "Of %(known)s products the class is stated, of %(unknown)s not: the other %(rest)s of %(all)s classes "
            "are among these."
        ) % {
            "known": say_number(sum(classes[name] for name in named)), "unknown": say_number(classes[UNKNOWN]),
            "rest": say_number(printed - len(named)), "all": say_number(printed),
        }  # fmt: skip
        return Told(what, say_number(printed), say_number(len(named)), Verdict.EXPLAINED, why)
    return compare(what, printed, len(classes))


def _compare_share(read: Report, site: str, row: Mapping[str, Any] | None, name: str, percent: int) -> Told:
    what = _("%(site)s, percentage of products: %(class)s") % {
        "site": site,
        "class": ManufacturedClass(name).label,
    }
    products = read.made["products"]
    share = Decimal(percent * products) / 100
    whole = int(round_like(share, Decimal(1)))
    back = round_like(Decimal(100 * whole) / products, TENTH) if products else Decimal(0)
    why = _("%(percent)s per cent of %(products)s = %(share)s, so %(whole)s, which are %(back)s per cent.") % {
        "percent": say_number(percent), "products": say_number(products), "share": say_decimal(share),
        "whole": say_number(whole), "back": say_decimal(back),
    }  # fmt: skip
    classes = {one["class"]: one["products"] for one in row["classes"]} if row else {}
    if name not in classes or not row or not row["products"]:
        return Told(what, say_number(percent), "", Verdict.NOT_COMPARED, why)
    ours = int(round_like(Decimal(100 * classes[name]) / row["products"], Decimal(1)))
    return compare(what, percent, ours, why)
