"""What a search finds of what people mean, by tables; ``-m tests.search.recall`` tries any other."""

from __future__ import annotations

import pytest

from tests.search.recall import HERE, measure

MOST_MIXED_UP = 0.02


@pytest.mark.parametrize(
    ("name", "language", "least"), [("arabic", "ar", 0.85), ("sorani", "ckb", 0.85), ("mixed", None, 0.85)]
)
def test_recall(name: str, language: str | None, least: float, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = measure(HERE / f"{name}.csv", language=language)
    with capsys.disabled():
        print(f"\n  {outcome}")
    assert outcome.pairs >= 150
    assert outcome.recall >= least, outcome.missed
    assert outcome.false_share <= MOST_MIXED_UP, outcome.mixed_up
