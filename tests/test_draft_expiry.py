"""A draft that nobody goes on with is deleted; one that somebody saves again stays."""

from datetime import timedelta

from django.utils import timezone

from registry.models import Draft
from registry.tasks import prune_facts
from tests import factories
from tests.desk import address, sign_in, text


def test_a_draft_is_deleted_when_nobody_has_saved_it_for_its_days(lists, settings):
    settings.DRAFT_DAYS = 30
    nurse = factories.user("upp", lists.centres["UPP"])
    drafts = [
        Draft.objects.create(centre=lists.centres[code], fields={"batch": f"B-{days}"}, saved_by=nurse)
        for code, days in (("UPP", 0), ("UPP", 29), ("STO", 32), ("UPP", 400))
    ]
    for draft, days in zip(drafts, (0, 29, 32, 400), strict=True):
        Draft.objects.filter(pk=draft.pk).update(saved_at=timezone.now() - timedelta(days=days))
    assert "A draft is deleted 30 days after it was last saved." in text(sign_in(nurse).get(address("start")))
    prune_facts()
    assert set(Draft.objects.values_list("pk", flat=True)) == {draft.pk for draft in drafts[:2]}
