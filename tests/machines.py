"""What state machines stand on: examples that leave nothing behind, and how they are run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

STEPS_PER_EXAMPLE = 40


class RolledBackMachine(RuleBasedStateMachine):
    """One example is one transaction, which is rolled back at the end."""

    #: Of all examples so far.
    steps: ClassVar[int] = 0
    #: Beginnings of the names of tables that examples fill.
    tables: ClassVar[tuple[str, ...]] = ("points_payment_",)

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        # Services that ask to be outermost may work in an example, as they may in Django's own TestCase.
        self.example._from_testcase = True  # type: ignore[attr-defined]
        self.example.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)
        if not connection.in_atomic_block:
            # The proof reads whole tables: what examples leave behind would slow it down.
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables"
                    " WHERE schemaname = 'public' AND tablename LIKE ANY(%s)",
                    [[f"{beginning}%" for beginning in self.tables]],
                )
                cursor.execute(f"VACUUM {cursor.fetchone()[0]}")

    def refused(self, error: type[Exception], request: Callable[[], object]) -> Any:
        """The request fails so; that it changed nothing is seen after the step. Returns the error."""
        with pytest.raises(error) as caught:
            request()
        return caught.value


def run_machine(
    machine: type[RolledBackMachine],
    *,
    examples: int,
    derandomize: bool = True,
    but_for: Phase | None = None,
) -> None:
    """Let a machine live through so many examples; without a seed of its own it is the same every time."""
    # Explaining a failure runs hundreds of examples more.
    phases = [phase for phase in settings.default.phases if phase not in {Phase.explain, but_for}]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=STEPS_PER_EXAMPLE,
            derandomize=derandomize,
            phases=phases,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
