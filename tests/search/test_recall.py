"""What a search finds of what people mean, by tables; ``-m tests.search.recall`` tries any other.

The tables called ``second`` to ``seventh`` were written before the analysis knew them; docs/search.md says
what was found then.
"""

from __future__ import annotations

import pytest

from tests.search.recall import HERE, Outcome, measure

MOST_MIXED_UP = 0.02


@pytest.fixture(
    scope="module", params=[("arabic", "ar"), ("sorani", "ckb"), ("mixed", None)], ids=lambda p: p[0]
)
def outcomes(request: pytest.FixtureRequest) -> list[Outcome]:
    name, language = request.param
    return [measure(path, language=language) for path in sorted(HERE.glob(f"{name}*.csv"))]


def test_every_table_finds_what_is_meant(outcomes: list[Outcome], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("".join(f"\n  {outcome}" for outcome in outcomes))
    assert len(outcomes) == 7
    assert sum(outcome.pairs for outcome in outcomes) >= 350
    for outcome in outcomes:
        assert outcome.recall >= 0.85, outcome.missed


def test_other_words_stay_apart(outcomes: list[Outcome]) -> None:
    others = sum(outcome.negatives for outcome in outcomes)
    mixed_up = [pair for outcome in outcomes for pair in outcome.mixed_up]
    assert others >= 200
    assert len(mixed_up) / others <= MOST_MIXED_UP, mixed_up
