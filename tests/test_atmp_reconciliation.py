"""What others state of trials and manufacture: each printed number equal, explained or different, with the sum."""

import html
import json
from pathlib import Path

import pytest

from registry.models import Centre
from registry.published import reconciliation
from registry.publishing.publish import publish
from tests import atmp_rows, factories
from tests.desk import text

pytestmark = pytest.mark.django_db
DATA = Path(reconciliation.__file__).parent / "data"
REPORT, LIST = DATA / "atmp-report-2025.json", DATA / "atmp-sweden-list.json"
EXPECTED = Path(__file__).parent / "data"


@pytest.fixture
def world(lists):
    """The report's numbers, as the registry holds them, but for the infusions of what is manufactured."""
    for code, county, city in (("STO", "01", "Stockholm"), ("UPP", "03", "Uppsala")):
        Centre.objects.filter(code=code).update(county_code=county, city_sv=city, city_en=city)
    atmp_rows.store_report(lists)
    atmp_rows.store_stated(lists)
    factories.record(lists, manufacturing_site="VECURA")
    publish()
    return lists


@pytest.fixture
def change(tmp_path):
    """A file with something changed."""

    def make(path: Path, *keys: str | int, to: object) -> Path:
        document = json.loads(path.read_text())
        part = document
        for key in keys[:-1]:
            part = part[key]
        part[keys[-1]] = to
        made = tmp_path / "changed.json"
        made.write_text(json.dumps(document))
        return made

    return make


@pytest.mark.parametrize(
    ("path", "expected", "summed"),
    [
        (REPORT, "reconciled-report.txt", "2 of 20 numbers differ as of 2025-09-08."),
        (LIST, "reconciled-list.txt", "6 of 8 numbers differ as of the latest."),
    ],
)
def test_every_printed_number_is_told_with_its_arithmetic(world, manage, path, expected, summed):
    code, out, err = manage("reconcile", path)
    assert out == (EXPECTED / expected).read_text(encoding="utf-8")
    assert (code, summed in err) == (4, True)


def test_a_file_whose_numbers_agree_is_exit_0(world, manage, change):
    path = change(REPORT, "trials", "per_100_000", to="1.5")
    path = change(path, "manufacture", "manufactured", to=1)
    code, out, err = manage("reconcile", path)
    assert (code, err) == (0, "")
    assert (
        "equal: Ongoing trials per 100,000, Stockholm and Uppsala: 1.5; the registry has 1.49. 43/28.8 = 1.49."
        in (out.splitlines())
    )
    assert out.splitlines()[-1] == "All 20 numbers agree or are explained as of 2025-09-08."


def test_trials_at_both_hospitals_explain_a_sum_of_site_trials(world, manage, change):
    both = {"UPP": [("recruiting", "2021")], "STO": [("recruiting", "2022")]}
    atmp_rows.store(world, [atmp_rows.trial(90, both)])
    publish()
    _code, out, _err = manage("reconcile", change(REPORT, "trials", "ongoing", to=45))
    assert (
        "explained: Ongoing trials, Stockholm and Uppsala: 45; the registry has 45. 45 site trials are 44 trials: "
        "one at several hospitals is counted once at each."
    ) in out


def test_before_anything_is_stated_nothing_but_the_file_itself_is_judged(lists, manage):
    publish()
    code, out, _err = manage("reconcile", REPORT)
    assert code == 4
    assert "not compared: Vecura, batches: 192; the registry has none." in out
    assert "different: Ongoing trials per 100,000, Stockholm and Uppsala: 1.0; the registry has none." in out


def test_a_file_wrong_in_form_is_refused_with_all_faults(world, manage, change):
    path = change(REPORT, "trials", to={"counties": ["99"], "ongoing": "many", "per_100_000": 1.0})
    path = change(path, "exemption", to=[{"centre": "", "product": "Skin", "patients": -1}])
    path = change(path, "manufacture", "percent_of_class", to={"soup": 3})
    path = change(path, "as_of", to="soon")
    code, out, err = manage("reconcile", path)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "CommandError: figure_unusable: The file is not a published figure:",
        "as_of: 'soon', where the day of the figure belongs, as 2025-09-08.",
        "trials.by_class: nothing, where an object with names and values belongs.",
        "trials.counties: '99' is no county.",
        "trials.ongoing: 'many', where a whole number belongs.",
        'trials.population_millions: nothing, where a number as it is printed belongs, as "1.0".',
        'trials.per_100_000: 1.0, where a number as it is printed belongs, as "1.0".',
        "exemption[0].centre: '', where a code belongs.",
        "exemption[0].patients: -1, where a whole number belongs.",
        "manufacture.percent_of_class.soup is not known.",
    ]


def test_an_unknown_kind_and_a_hospital_twice_are_refused(world, manage, change):
    _code, _out, err = manage("reconcile", change(REPORT, "kind", to="leaflet"))
    assert "kind: 'leaflet', where atmp_report or atmp_list belongs, or none for a map's figure." in err
    twice = [{"centre": "UPP", "ever": 1, "open": 1}] * 2
    code, _out, err = manage("reconcile", change(LIST, "hospitals", to=twice))
    assert (code, "hospitals[UPP] is there twice." in err) == (2, True)


@pytest.mark.parametrize(
    ("language", "place", "said"),
    [
        ("sv", "/avstamning/", "Slutsats: Stockholm ensamt har 8 + 13 + 8 = 29, och 29/28,8 = 1,01"),
        ("en", "/en/reconciliation/", "Inference: Stockholm alone has 8 + 13 + 8 = 29, and 29/28.8 = 1.01"),
    ],
)
def test_both_stand_on_the_page_beside_the_registrys_numbers(world, client, language, place, said):
    page = html.unescape(text(client.get(place)))
    assert said in page
    assert "Activity report of Karolinska" in page
    assert "ATMP Sweden (atmpsweden.se)" in page
    assert f'href="{place}#stated"' in text(client.get({"sv": "/atmp/", "en": "/en/atmp/"}[language]))
