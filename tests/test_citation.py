"""The sentence to cite the numbers by names the day, the month or the year that the records reach."""

import pytest
from django.utils.translation import override

from registry.wording import say_citation

REACHES = [
    ("2026-11-20", "per 20 november 2026,", "as of 20 November 2026,"),
    ("2026-11", "per november 2026,", "as of November 2026,"),
    ("2026", "per 2026,", "as of 2026,"),
]


@pytest.mark.parametrize(("through", "swedish", "english"), REACHES)
@pytest.mark.parametrize("as_of", [True, False])
def test_it_says_how_far_the_records_reach(through, swedish, english, as_of):
    snapshot = {"number": 7, "hash": "sha256:" + "ab" * 32, "built_at": "2026-11-28T12:00:00+01:00"}
    snapshot |= {"as_of": through, "data_through": "2025"} if as_of else {"as_of": None, "data_through": through}
    for language, words in (("sv", swedish), ("en", english)):
        with override(language):
            assert words in say_citation({"snapshot": snapshot})
