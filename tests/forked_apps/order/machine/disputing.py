"""Problems with goods that arrived: told to the vendor, offered something for, decided by the marketplace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from forked_apps.order.dispute_errors import DisputeOpen, IllegalDisputeStep, SamePersonDecides
from forked_apps.order.dispute_models import Dispute, DisputeReason, RemedyKind
from forked_apps.order.return_models import Side
from forked_apps.order.services.arbitration import decide_dispute
from forked_apps.order.services.dispute_deadlines import advance_disputes
from forked_apps.order.services.disputes import (
    accept_offer,
    appeal_dispute,
    escalate_dispute,
    make_offer,
    open_dispute,
    refuse_dispute,
    withdraw_dispute,
    write_dispute_message,
)
from forked_apps.order.services.returns import open_return
from tests.forked_apps.order.machine.books import Part, Problem
from tests.forked_apps.order.machine.delivering import ARRIVED
from tests.forked_apps.order.machine.steps import Steps, counts, one_of, places, some_part_is, strays

shares = st.sampled_from([100, 1, 50])
WITH_THE_VENDOR = frozenset({"contacting", "offered", "refused"})
WITH_THE_MARKETPLACE = frozenset({"deciding", "appealed"})


def some_problem_is(*states: str) -> Callable[..., object]:
    return precondition(lambda self: any(one.state in states for _part, one in self.problems()))


class DisputingRules(Steps):
    @some_part_is(*ARRIVED)
    @rule(place=places, numbers=counts)
    def tell_of_a_problem(self, place: int, numbers: list[int]) -> None:
        part = self.part(place, False, ARRIVED)
        pieces = self.pieces(part, numbers, lambda line: line.kept)
        if not pieces or part.open_return or any(line in part.decided for line in pieces):
            return
        stored = self.stored(part)
        told = self.try_step(
            "problem",
            DisputeOpen if part.open_problem else None,
            lambda: open_dispute(
                customer=self.customers[part.customer],
                vendor_order=stored,
                quantities={line.pk: number for line, number in pieces.items()},
                reason=DisputeReason.NOT_AS_DESCRIBED,
                description="Another colour.",
            ),
        )
        if told:
            part.problems.append(Problem(told.pk, pieces))

    @some_problem_is(*WITH_THE_VENDOR)
    @rule(place=places, stray=strays, share=shares)
    def offer_something(self, place: int, stray: bool, share: int) -> None:
        """All of it, or some points of each line."""
        part, one = self.a_problem(place, stray, WITH_THE_VENDOR)
        points = {} if share == 100 else self.some_points(one, share)
        kind = RemedyKind.PARTIAL if points else RemedyKind.REFUND
        offered = self.try_step(
            "offer",
            None if one.state in WITH_THE_VENDOR else IllegalDisputeStep,
            lambda: make_offer(
                **self.as_vendor(part, one), kind=kind, reason="Sorry.",
                points={line.pk: number for line, number in points.items()},
            ),
        )  # fmt: skip
        if offered:
            one.state, one.offer, one.points = "offered", offered.pk, points

    @some_problem_is("offered")
    @rule(place=places)
    def accept(self, place: int) -> None:
        part, one = self.a_problem(place, False, {"offered"})
        self.try_step(
            "accept",
            None,
            lambda: accept_offer(**self.as_buyer(part, one), offer_id=one.offer),
        )
        self.books.pay_for(part, one)
        self.end(part, one, "agreed")

    @some_problem_is("contacting", "offered")
    @rule(place=places, stray=strays)
    def see_no_fault(self, place: int, stray: bool) -> None:
        part, one = self.a_problem(place, stray, {"contacting", "offered"})
        if self.try_step(
            "see no fault",
            None if one.state in {"contacting", "offered"} else IllegalDisputeStep,
            lambda: refuse_dispute(**self.as_vendor(part, one), reason="It is as it was."),
        ):
            one.state = "refused"

    @some_problem_is("refused")
    @rule(place=places)
    def ask_the_marketplace(self, place: int) -> None:
        """At once, since the vendor refused; then the vendor has its say."""
        part, one = self.a_problem(place, False, {"refused"})
        escalate_dispute(**self.as_buyer(part, one), text="Look at it.")
        write_dispute_message(
            dispute=self.stored_problem(one), side=Side.VENDOR, author=self.staff[0], text="Look."
        )
        self.try_step("ask the marketplace", None, lambda: True)
        one.state = "deciding"

    @some_problem_is(*WITH_THE_MARKETPLACE)
    @rule(place=places, stray=strays, kind=st.sampled_from(["refund", "partial", "nothing"]), share=shares)
    def decide(self, place: int, stray: bool, kind: str, share: int) -> None:
        part, one = self.a_problem(place, stray, WITH_THE_MARKETPLACE)
        points = self.some_points(one, share) if kind == "partial" else {}
        if kind == "partial" and not points:
            kind = "refund"
        was_appealed = one.state == "appealed"

        def send(actor: int) -> Dispute:
            return decide_dispute(
                actor=self.staff[actor], dispute=self.stored_problem(one), kind=RemedyKind(kind),
                reason="So it is.", points={line.pk: number for line, number in points.items()},
            )  # fmt: skip

        if was_appealed:
            self.refused(SamePersonDecides, lambda: send(0))
        is_right = one.state in WITH_THE_MARKETPLACE
        if not self.try_step(
            "decide", None if is_right else IllegalDisputeStep, lambda: send(1 if was_appealed else 0)
        ):
            return
        one.kind, one.points = kind, points
        part.decided.update(one.pieces)
        if was_appealed:
            self.carry_out(part, one)
        else:
            one.state = "decided"

    @some_problem_is("decided")
    @rule(place=places)
    def appeal(self, place: int) -> None:
        part, one = self.a_problem(place, False, {"decided"})
        if one.was_appealed:
            return
        self.try_step("appeal", None, lambda: appeal_dispute(
            dispute=self.stored_problem(one), actor=self.customers[part.customer], text="Look again.",
            customer=self.customers[part.customer],
        ))  # fmt: skip
        one.state, one.was_appealed = "appealed", True

    @some_problem_is("decided")
    @rule(place=places)
    def nobody_appeals(self, place: int) -> None:
        part, one = self.a_problem(place, False, {"decided"})
        Dispute.objects.filter(pk=one.pk).update(deadline=timezone.now() - timedelta(hours=1))
        assert advance_disputes() == 1
        self.try_step("carried out", None, lambda: True)
        self.carry_out(part, one)

    @some_problem_is(*WITH_THE_VENDOR)
    @rule(place=places)
    def it_was_nothing(self, place: int) -> None:
        part, one = self.a_problem(place, False, WITH_THE_VENDOR)
        self.try_step("withdraw problem", None, lambda: withdraw_dispute(**self.as_buyer(part, one)))
        self.end(part, one, "withdrawn")

    @precondition(lambda self: any(part.open_problem for part in self.books.parts))
    @rule(place=places)
    def meanwhile_nothing_goes_back_by_itself(self, place: int) -> None:
        part = one_of([part for part in self.books.parts if part.open_problem], place)
        kept = {line.pk: 1 for line in part.lines if line.kept}
        stored = self.stored(part)
        if part.status in ARRIVED and kept and not part.is_long_ago:
            self.try_step("return of a problem", DisputeOpen, lambda: open_return(
                customer=self.customers[part.customer], vendor_order=stored, quantities=kept,
                reason="damaged", description="",
            ))  # fmt: skip

    @invariant()
    def each_problem_is_where_the_model_says(self) -> None:
        assert dict(Dispute.objects.values_list("pk", "state")) == {
            one.pk: one.state for _part, one in self.problems()
        }

    # Helpers --------------------------------------------------------------------------------
    def problems(self) -> list[tuple[Part, Problem]]:
        return [(part, one) for part in self.books.parts for one in part.problems]

    def a_problem(self, place: int, stray: bool, states: set[str] | frozenset[str]) -> tuple[Part, Problem]:
        everyone = self.problems()
        fitting = [each for each in everyone if each[1].state in states]
        return one_of(everyone if stray or not fitting else fitting, place)

    def some_points(self, one: Problem, share: int) -> dict[object, int]:
        wanted = {line: line.left * share // 100 for line in one.pieces}
        return {line: points for line, points in wanted.items() if points}

    def stored_problem(self, one: Problem) -> Dispute:
        return Dispute.objects.get(pk=one.pk)

    def as_vendor(self, part: Part, one: Problem) -> dict[str, object]:
        vendor = self.vendors[part.vendor.pk]
        return {"vendor": vendor, "actor": self.staff[0], "dispute": self.stored_problem(one)}

    def as_buyer(self, part: Part, one: Problem) -> dict[str, object]:
        return {"customer": self.customers[part.customer], "dispute": self.stored_problem(one)}

    def carry_out(self, part: Part, one: Problem) -> None:
        if one.kind == "nothing":
            self.end(part, one, "for_vendor")
            return
        self.books.pay_for(part, one)
        self.end(part, one, "for_buyer")

    def end(self, part: Part, one: Problem, state: str) -> None:
        one.state = state
        if part.status == "returned":
            self.books.release(part, part.amounts)
