"""What a list's own names are is read; what is nearly one of them is answered with the code that was meant."""

import io

import pytest
from django.core.management import call_command
from django.utils.translation import override

from registry.access import Operator
from registry.entry.infusions.row_reader import CodeLists, RowReader
from registry.models import Centre, Trial
from tests import factories
from tests.calling import Program
from tests.test_import import ROW

READ = {
    "centre": {
        "UPP": ["Uppsala", "UPPSALA", "Akademiska sjukhuset", "akademiska  sjukhuset", "Uppsala (UPP)"],
        "GOT": ["Göteborg", "Gothenburg", "göteborg ", "Sahlgrenska\xa0universitetssjukhuset"],
        "LIN": ["Linköping", "Universitetssjukhuset i Linköping"], "UME": ["Umeå", "UMEÅ"],
    },
    "indication": {
        "C83.3": ["Diffust storcelligt B-cellslymfom", "Diffuse Large B-Cell Lymphoma",
                  "Diffust storcelligt B-cellslymfom (C83.3)", "diffuse large B cell lymphoma"],
        "C90.0": ["Multipelt myelom", "multiple  myeloma", "MM"], "C82": ["Follikulärt lymfom",
        "Follicular lymphoma"],
        "solid-tumour": ["Solid tumör", "solid tumour"],
    },
    "trial": {"NCT99000001": ["Demonstration: industriprövning", "demonstration industriprövning"]},
    "manufacturing_site": {"VECURA": ["Vecura", "VECURA®"]},
    "category": {"SOC": ["Standardvård", "Standard of Care"], "ACT": ["Akademisk klinisk prövning",
    "academic trial"],
                 "ICT": ["industriprövning", "Industry clinical trial"],
                 "CUP": ["Licens eller compassionate use"]},
}  # fmt: skip
GUESSED = {
    "centre": {
        "UPP": ["Akademiska", "Upsala", "Akademiska sjukh.", "UAS Uppsala", "UPPS"], "STO": ["Karolinska",
        "Sthlm STO"],
        "GOT": ["Sahlgrenska", "Göteborgs", "Sahlgrenska, Östra"], "UME": ["Umea",
        "Norrlands universitetssjukh"],
        "LUN": ["Skånes univ.sjukhus", "SUS Lund", "Lunds"], "ORE": ["Orebro", "USÖ Örebro"],
    },
    "indication": {
        "C83.3": ["Diffust storcelligt lymfom", "Diffuse large B-cell lymphom", "storcelligt lymfom", "C83.30"],
        "C90.0": ["Myelom", "multipel myelom", "Multipla myelom", "myeloma"], "C82": ["Follikulart lymfom",
        "C82.1"],
        "C91.0": ["Akut lymfatisk leukemi", "acute lymphoblastic leukemia"], "C83.1": ["Mantelcell",
        "mantle cell"],
        "C85.2": ["mediastinalt lymfom"], "autoimmune": ["autoimmunitet"],
    },
    "trial": {"NCT99000001": ["industriprövning", "Demonstration industri"],
    "NCT99000002": ["akademisk prövning"]},
    "category": {"ACT": ["akademisk studie"], "ICT": ["industrisponsrad prövning", "industry"],
                 "SOC": ["standard"], "CUP": ["compassionate", "licens"]},
    "manufacturing_site": {"VECURA": ["Vekura", "Vecura, Karolinska"]},
    "product": {"Yescarta": ["Yescata", "axi-cabtagene", "Yescarta inf"], "Kymriah": ["Kymria",
    "tisagenlecleucell"]},
}  # fmt: skip
FLAT = [
    (column, code, value) for column, codes in READ.items() for code, values in codes.items() for value in values
]
NEARLY = [
    (column, code, value)
    for column, codes in GUESSED.items()
    for code, values in codes.items()
    for value in values
]


@pytest.fixture
def demonstration(db, as_demonstration):
    call_command("demo_data", "--reference-only", verbosity=0, stdout=io.StringIO())


@pytest.mark.parametrize("language", ["en", "sv"])
def test_the_names_of_a_list_are_read(demonstration, language):
    with override(language):
        reader = RowReader(CodeLists(Operator()))
        for column, code, value in FLAT:
            rows = [reader.read(ROW | {"patient_id": "local:1", column: written}) for written in (code, value)]
            told = [[(one.field, one.code) for one in problems] for _stated, problems in rows]
            assert rows[0][0] == rows[1][0] and told[0] == told[1], (column, value)
            assert f"unknown_{column}" not in {name for _field, name in told[0]}


@pytest.mark.parametrize("language, sentence", [("en", "Did you mean {}?"), ("sv", "Menade du {}?")])
def test_what_is_nearly_a_name_is_answered_with_the_code(demonstration, language, sentence):
    with override(language):
        reader = RowReader(CodeLists(Operator()))
        for column, code, value in NEARLY:
            problems = reader.read(ROW | {column: value})[1]
            [told] = [one.sentence for one in problems if one.code == f"unknown_{column}"]
            assert sentence.format(code) in told, (column, value, told)
            assert value in code or value not in told


def test_what_could_be_several_is_no_guess(demonstration):
    with override("en"):
        reader = RowReader(CodeLists(Operator()))
        for value in ("Universitetssjukhuset", "sjukhus", "Mellansverige"):
            [told] = [one.sentence for one in reader.read(ROW | {"centre": value})[1] if one.field == "centre"]
            assert "mean" not in told, value


def test_a_name_that_two_have_is_read_as_neither(demonstration):
    Trial.objects.create(
        identifier="NCT99000007", name="Demonstration: industriprövning", sponsor="industry", phase="I"
    )
    uppsala = Centre.objects.get(code="UPP")
    Centre.objects.create(
        code="UP2", name="Elisabethsjukhuset", city_sv="Uppsala", city_en="Uppsala", county="Uppsala",
        county_code="03", region="Mellansverige", latitude=59.8, longitude=17.6, status="active", position=90,
    )  # fmt: skip
    for actor in (Operator(), factories.user("upp", uppsala)):
        lists = CodeLists(actor)
        assert lists.trials.find("Demonstration: industriprövning") is None
        assert lists.centres.find("Uppsala") is None
        assert lists.centres.find("Akademiska sjukhuset") == uppsala


@pytest.mark.parametrize("language, told", [("en", "not one of the centres that you may register for"),
                                            ("sv", "inte ett av de centrum")])  # fmt: skip
def test_a_row_of_another_centre_says_so_and_not_whether_there_is_one(demonstration, language, told):
    user = factories.user("upp", Centre.objects.get(code="UPP"))
    said = set()
    with override(language):
        reader = RowReader(CodeLists(user))
        for value in ("STO", "GOT", "XYZ", "Karolinska", "Nowhere"):
            [problem] = [one for one in reader.read(ROW | {"centre": value})[1] if one.field == "centre"]
            assert problem.code == "unknown_centre" and told in problem.sentence and "UPP" in problem.sentence
            said.add(problem.sentence)
    assert len(said) == 1
    answers = [Program(user).enter(centre=value) for value in ("STO", "XYZ")]
    assert answers[0].content == answers[1].content and b"may register for" in answers[0].content


def test_a_row_of_another_centre_than_the_chosen_says_what_to_do(demonstration):
    with override("en"):
        [problem] = [
            one
            for one in RowReader(CodeLists(Operator(), centre="UPP")).read(ROW | {"centre": "STO"})[1]
            if one.field == "centre"
        ]
    assert problem.sentence.startswith("Only rows of the chosen centre are taken")
