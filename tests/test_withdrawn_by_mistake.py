"""Who has withdrawn an infusion by mistake registers it anew: by form, by program, and from a file, which names
the way. No page, answer or report says that it is withdrawn and leaves it at that.
"""

import re
from io import BytesIO
from types import SimpleNamespace

import pytest

from registry.entry.importing import job as import_job
from registry.entry.importing.job import receive_file, run_import
from registry.entry.infusions.record import withdraw_infusion
from registry.models import Infusion, Referral
from registry.published.queries import read_map
from registry.publishing.publish import publish
from tests import factories, oracle
from tests.desk import BY, MAN, WOMAN, address, sign_in, text
from tests.test_import import ROW, as_csv

MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "children")


@pytest.fixture
def world(lists):
    """A woman with a first and a further dose, a man with a first, all at Uppsala; the first of the woman's is
    withdrawn by mistake.
    """
    nurse = factories.user("nurse", lists.centres["UPP"])
    world = SimpleNamespace(lists=lists, nurse=nurse, page=sign_in(nurse))
    fields = {"trial": factories.ACADEMIC, "category": "ACT", "batch": "B17", "manufacturing_site": "VECURA"}
    world.row = factories.record(lists, WOMAN, infused_on="2020-03-04", by=nurse, **fields)
    factories.record(
        lists, WOMAN, infused_on="2020-03-13", kind="further_dose", by=nurse, **fields | {"batch": "B18"}
    )
    factories.record(lists, MAN, infused_on="2021-05-05", by=nurse)
    world.before = count()
    withdraw_infusion(infusion_id=world.row.pk, by=nurse, reason="typing error")
    assert count() != world.before
    return world


def count() -> dict[str, int]:
    """The national numbers, which the oracle counts alike."""
    publish()
    told, counted = read_map(language="en")["national"], oracle.total(factories.read_rows())
    assert {name: told[name] for name in MEASURES} == {name: counted[name] for name in MEASURES}
    return {name: told[name] for name in MEASURES}


def as_written(infusion) -> tuple:
    names = ("centre_id", "category", "kind", "product_id", "indication_id", "trial_id", "manufacturing_site_id",
             "infused_on", "date_precision", "sequence", "age_at_infusion", "batch", "patient_id")  # fmt: skip
    return tuple(getattr(infusion, name) for name in names)


def test_from_the_persons_page_it_is_there_again_as_it_was(world):
    person = text(world.page.get(address("person", number=world.row.patient.registry_number)))
    [again] = re.findall(r'href="([^"]+)"[^>]*>Register it again', person)
    form = world.page.get(again).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    assert (typed["infused_on"], typed["kind"], typed["batch"]) == ("2020-03-04", "first", "B17")
    answer = world.page.post(again, typed | {"do": "submit"})
    if answer.status_code == 200:  # improbable things are confirmed, as ever
        answer = world.page.post(
            again, typed | {"do": "submit", "confirmed": answer.context["judged"].confirmation}
        )
    assert answer.status_code == 302, answer.context["form"].errors
    stored = Infusion.objects.counted().get(batch="B17")
    assert stored.pk != world.row.pk and as_written(stored) == as_written(world.row)
    assert count() == world.before


@pytest.mark.parametrize("page", ["correct", "withdraw"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_pages_of_a_withdrawn_row_lead_to_the_way_on(world, page, method):
    answer = getattr(world.page, method)(address(page, infusion_id=world.row.pk), follow=True)
    where = address("person", number=world.row.patient.registry_number)
    assert answer.redirect_chain == [(where, 302)]
    shown = text(answer)
    assert "This infusion is withdrawn, and can be neither corrected nor withdrawn" in shown
    assert "Register it again" in shown
    other = sign_in(factories.user("other", world.lists.centres["STO"]))
    assert getattr(other, method)(address(page, infusion_id=world.row.pk)).status_code == 404


def test_only_a_centres_own_withdrawn_row_fills_the_form(world):
    person = world.row.patient.registry_number
    theirs = factories.record(world.lists, MAN, centre="STO", infused_on="2022-05-05", kind="reinfusion")
    withdraw_infusion(infusion_id=theirs.pk, by=BY, reason="x")
    for like in (theirs.pk, "nonsense", "9" * 40, Infusion.objects.get(batch="", status="submitted").pk):
        form = world.page.get(address("record-for", number=person) + f"?like={like}").context["form"]
        assert (form["infused_on"].value() or "", form["batch"].value() or "") == ("", ""), like


def test_by_the_form_with_the_number(world):
    typed = {
        "centre": "UPP", "patient_id": WOMAN, "category": "ACT", "trial": factories.ACADEMIC, "product": "Kymriah",
        "indication": "C91.0", "infused_on": "2020-03-04", "kind": "first", "batch": "B17", "do": "submit",
        "manufacturing_site": "VECURA",
    }  # fmt: skip
    answer = world.page.post(address("record"), typed)
    assert answer.status_code == 302, answer.context["form"].errors
    assert as_written(Infusion.objects.counted().get(batch="B17")) == as_written(world.row)
    assert count() == world.before


def test_by_program(world):
    found = world.page.get(f"/api/v1/infusions/{world.row.pk}").json()
    for method in ("patch", "delete"):
        answer = getattr(world.page, method)(
            f"/api/v1/infusions/{world.row.pk}", {"reason": "x"}, "application/json", headers={"If-Match": "*"}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "not_submitted")
        assert "register it again" in answer.json()["detail"]
    body = {name: found[name] for name in ROW if found.get(name) and name not in {"patient_id", "sex", "modality"}}
    answer = world.page.post("/api/v1/infusions", body | {"patient": found["patient"]}, "application/json")
    assert answer.status_code == 201, answer.json()
    assert as_written(Infusion.objects.counted().get(batch="B17")) == as_written(world.row)
    assert count() == world.before


def test_a_file_names_the_way_and_the_rest_of_it_is_stored(world, monkeypatch):
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    same = ROW | {
        "patient_id": WOMAN, "category": "ACT", "trial": factories.ACADEMIC, "kind": "first", "batch": "B17",
        "indication": "C91.0", "infused_on": "2020-03-04", "manufacturing_site": "VECURA",
    }  # fmt: skip
    job = receive_file(file=BytesIO(as_csv([same])), by=world.nurse)
    run_import(job.pk, language="en")
    factories.drop_import_tables()
    shown = text(world.page.get(address("import", job_id=job.pk)))
    assert "If it was withdrawn by mistake, register it again in the form." in shown
    assert f'href="{address("record")}"' in shown[shown.index("What to look at") :]
    assert "The file changes nothing" in shown and "All its rows are stored already" not in shown
    listed = world.page.get(f"/api/v1/imports/{job.pk}").json()
    assert "register it again in the form" in str(listed)
    # Once it is registered again by the form, the same file changes nothing and warns of nothing.
    test_by_the_form_with_the_number(world)
    job = receive_file(file=BytesIO(as_csv([same])), by=world.nurse)
    run_import(job.pk, language="en")
    job.refresh_from_db()
    assert (job.unchanged, job.stored, job.refused, job.warnings) == (1, 0, 0, 0)


def test_a_first_of_someone_known_elsewhere_by_now_goes_to_the_steward(world):
    """The way of D.2, from the page with what was withdrawn."""
    factories.record(world.lists, WOMAN, centre="STO", infused_on="2022-02-02", kind="reinfusion")
    person = text(world.page.get(address("person", number=world.row.patient.registry_number)))
    [again] = re.findall(r'href="([^"]+)"[^>]*>Register it again', person)
    form = world.page.get(again).context["form"]
    typed = {name: form[name].value() or "" for name in form.fields}
    refused = world.page.post(again, typed | {"do": "submit"})
    assert refused.status_code == 200 and 'value="refer"' in text(refused)
    assert world.page.post(again, typed | {"do": "refer"}).status_code == 302
    assert Referral.objects.get().fields["batch"] == "B17"
