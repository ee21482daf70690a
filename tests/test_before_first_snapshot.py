"""The pages on trust, law and use, before anything is published."""

import pytest

from registry.pages.public.layout import PLACES
from tests.desk import text
from tests.header_table import PUBLIC_PAGE
from tests.test_trust_pages import PAGES


@pytest.mark.parametrize("place", ["/", "/en/embed/"])
def test_before_the_first_snapshot_a_demonstration_says_so_too(lists, client, settings, place):
    settings.DEMONSTRATION = True
    assert 'class="made-up"' in text(client.get(place))


@pytest.mark.parametrize(("name", "language"), PAGES)
def test_before_the_first_snapshot_a_page_says_so(lists, client, name, language):
    answer = client.get(PLACES[name][language])
    assert answer.status_code == 503
    assert answer["Content-Security-Policy"] == PUBLIC_PAGE  # a page of another site may have it in its frame
    assert "X-Frame-Options" not in answer
    assert answer["Retry-After"]
