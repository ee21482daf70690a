"""An indication and a centre are called by their names in the reader's language, and read from a file in both."""

import pytest
from django.utils.translation import override

from registry.models import Centre, Indication
from tests import factories
from tests.desk import sign_in, text
from tests.test_import import ROW

pytestmark = pytest.mark.django_db
OTHER = factories.nth_number(9)
NAMES = {"sv": "Mantelcellslymfom (C83.1)", "en": "Mantle cell lymphoma (C83.1)"}


@pytest.fixture
def infusion(lists):
    Indication.objects.filter(key="dlbcl").update(
        name_sv="Mantelcellslymfom", name_en="Mantle cell lymphoma", icd10="C83.1"
    )
    return factories.record(lists, indication=None)


@pytest.fixture
def nurse(lists):
    return sign_in(factories.user("nurse", lists.centres["UPP"]))


@pytest.mark.parametrize("language", NAMES)
def test_a_page_says_it_in_its_language(lists, infusion, nurse, language):
    infusion.indication = Indication.objects.get(key="dlbcl")
    infusion.save()
    other = next(name for one, name in NAMES.items() if one != language)
    prefix = "" if language == "sv" else "/en"
    number = infusion.patient.registry_number
    for page in (
        nurse.get(f"{prefix}/clinic/persons/{number}/"),
        nurse.post(f"{prefix}/clinic/infusions/several", {"row": str(infusion.pk)}),
        nurse.get(f"{prefix}/clinic/infusions/{infusion.pk}/correct"),
    ):
        assert NAMES[language] in text(page) and other not in text(page), page.request["PATH_INFO"]


@pytest.mark.parametrize("language", NAMES)
def test_they_are_named_in_the_language_that_is_active(lists, infusion, language):
    Centre.objects.filter(code="UPP").update(city_sv="Göteborg", city_en="Gothenburg")
    with override(language):
        assert str(Indication.objects.get(key="dlbcl")) == NAMES[language]
        assert str(Centre.objects.get(code="UPP")) == {"sv": "Göteborg (UPP)", "en": "Gothenburg (UPP)"}[language]


@pytest.mark.parametrize("active", NAMES)
@pytest.mark.parametrize("centre", ["Göteborg (UPP)", "Gothenburg (UPP)"])
@pytest.mark.parametrize("indication", NAMES.values())
def test_a_file_may_have_either_name_whatever_language_is_active(infusion, bring, active, centre, indication):
    Centre.objects.filter(code="UPP").update(city_sv="Göteborg", city_en="Gothenburg")
    with override(active):
        summary, problems = bring([ROW | {"patient_id": OTHER, "centre": centre, "indication": indication}])
    assert (summary.stored, problems) == (1, [])
