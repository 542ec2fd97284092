"""Every foot and head of the corpus is read exactly as it was meant."""

from __future__ import annotations

import pytest

from compliance.page.trackers import Catalogue
from support.footers import SORTS, Footer, footers, scores

CATALOGUE = Catalogue()
CORPUS = [*footers()]


@pytest.mark.parametrize("footer", CORPUS, ids=lambda footer: footer.name)
def test_foot_is_read_as_it_is_meant(footer: Footer) -> None:
    assert footer.read(CATALOGUE) == footer.expected


@pytest.mark.slow
def test_corpus_is_large_and_has_every_sort() -> None:
    assert len(CORPUS) >= 360
    for sort, (precision, recall, wanted) in scores(CATALOGUE).items():
        assert (min(precision, recall) >= 0.99, wanted >= 20) == (True, True), (sort, precision, recall, wanted)
    assert set(SORTS) == set(scores(CATALOGUE))
