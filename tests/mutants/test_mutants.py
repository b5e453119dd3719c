"""Mutants are made, exchanged and judged as they should be."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from points_payment.services import escrow, payouts
from tests.mutants.__main__ import report, score_of
from tests.mutants.mutations import Mutant, mutants_of
from tests.mutants.runner import Memory, MutantRun, Outcome, Result, exchange, function_named

SOURCE = '''
LIMIT = 5

def pay(points: int, *, most: int = 3) -> int:
    """Docstring."""
    assert points
    if not 0 < points <= most or most is None:
        raise ValueError(points)
    total = -points + 1
    lock(total)
    return total
'''


def test_every_change_of_a_function_is_one_mutant_and_types_and_defaults_are_none() -> None:
    found = {(mutant.before, mutant.after, mutant.is_guard) for mutant in mutants_of(SOURCE)}
    assert found == {
        ("if not 0 < points <= most or most is None:", "if False:", True),
        ("not 0 < points <= most or most is None", "not 0 < points <= most and most is None", True),
        ("not 0 < points <= most or most is None", "most is None", True),
        ("not 0 < points <= most or most is None", "not 0 < points <= most", True),
        ("not 0 < points <= most", "0 < points <= most", True),
        ("0 < points <= most", "0 <= points <= most", True),
        ("0 < points <= most", "0 < points < most", True),
        ("0", "1", True),
        ("most is None", "most is not None", True),
        ("raise ValueError(points)", "pass", True),
        ("-points + 1", "-points - 1", False),
        ("-points", "points", False),
        ("1", "2", False),
        ("lock(total)", "pass", False),
        ("return total", "return None", False),
    }


def test_a_mutant_is_everyones_function_under_its_decorators(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(inspect.getfile(escrow)).read_text(encoding="utf-8")
    floor = next(
        mutant
        for mutant in mutants_of(source)
        if mutant.function == "commission_on" and mutant.before == "points * whole"
    )
    whole = function_named(escrow, "commission_on").__code__
    assert escrow.commission_on(points=100, basis_points=800) == 8
    try:
        exchange(escrow, source, floor)
        assert escrow.commission_on(points=100, basis_points=800) != 8
    finally:
        function_named(escrow, "commission_on").__code__ = whole
    assert function_named(payouts, "pay_out") is not payouts.pay_out
    assert function_named(escrow, "_Refund.from_held").__name__ == "from_held"


def result(outcome: Outcome, *, is_guard: bool = False) -> Result:
    return Result("ledger", Mutant("f", 1, "a", "b", is_guard, 1, 0), outcome)


def judged(tmp_path: Path, results: list[Result], *, left: int = 0) -> int:
    run = MutantRun(["ledger"], memory=Memory(tmp_path / "m.json"), seconds=0, tell=lambda line: None)
    run.results, run.left = results, left
    return report(run)


def test_nine_of_ten_are_enough_unless_one_is_a_guard_or_some_are_left(tmp_path: Path) -> None:
    killed = [result(Outcome.KILLED)] * 8 + [result(Outcome.HUNG)]
    survivor = result(Outcome.SURVIVED)
    assert score_of([*killed, survivor]) == 0.9
    assert judged(tmp_path, [*killed, survivor]) == 0
    assert judged(tmp_path, [*killed, survivor, survivor]) == 1
    assert judged(tmp_path, [*killed, result(Outcome.SURVIVED, is_guard=True)]) == 1
    assert judged(tmp_path, killed, left=1) == 1


def test_what_was_killed_is_known_until_its_source_changes(tmp_path: Path) -> None:
    (first, *_) = mutants_of(SOURCE)
    Memory(tmp_path / "m.json").keep("pay", SOURCE, first)
    again = Memory(tmp_path / "m.json")
    assert again.knows("pay", SOURCE, first)
    assert not again.knows("pay", SOURCE + "\n", first)
