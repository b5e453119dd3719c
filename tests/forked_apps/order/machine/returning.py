"""Goods that go back: asked for, answered, sent, looked at, paid back in whole or in part, early and late."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from forked_apps.order.dispute_errors import DisputeOpen
from forked_apps.order.errors import (
    DeductionTooHigh,
    IllegalReturnStep,
    NotReturnable,
    PiecesNotThere,
    ReturnOpen,
)
from forked_apps.order.return_models import Return, ReturnReason
from forked_apps.order.services.returns import (
    approve_return,
    open_return,
    refuse_return,
    send_return,
    settle_return,
    settle_silent_returns,
    withdraw_return,
)
from tests.forked_apps.order.machine.books import OPEN, Back, Part
from tests.forked_apps.order.machine.delivering import ARRIVED
from tests.forked_apps.order.machine.steps import (
    Steps,
    counts,
    one_of,
    places,
    some_part_is,
    some_return_is,
    strays,
)

reasons = st.sampled_from([ReturnReason.DAMAGED, ReturnReason.CHANGED_MIND])
#: Days in which somebody has to answer, to send, to look.
ANSWER, SEND, INSPECT = 3.0, 14.0, 10.0


class ReturningRules(Steps):
    @some_part_is(*ARRIVED)
    @rule(place=places, stray=strays, numbers=counts, reason=reasons)
    def ask(self, place: int, stray: bool, numbers: list[int], reason: ReturnReason) -> None:
        part = self.part(place, stray, ARRIVED)
        pieces = self.pieces(part, numbers, lambda line: line.kept + stray)
        there = any(line.kept for line in part.lines)
        wrong: type[Exception] | None = None
        if part.status not in ARRIVED or part.is_long_ago or not there:
            wrong = NotReturnable
        elif not pieces or any(number > line.kept for line, number in pieces.items()):
            wrong = PiecesNotThere
        elif part.open_return:
            wrong = ReturnOpen
        elif part.open_problem:
            wrong = DisputeOpen
        stored = self.stored(part)
        asked = self.try_step(
            "ask to return",
            wrong,
            lambda: open_return(
                customer=self.customers[part.customer],
                vendor_order=stored,
                quantities={line.pk: number for line, number in pieces.items()},
                reason=reason,
                description="It wobbles.",
            ),
        )
        if asked:
            is_fault = reason is ReturnReason.DAMAGED
            part.returns.append(Back(asked.pk, pieces, is_fault, self.waits(ANSWER)))

    @some_return_is("requested")
    @rule(place=places, stray=strays)
    def approve(self, place: int, stray: bool) -> None:
        part, one = self.a_return(place, stray, {"requested"})
        if self.try_return_step(
            "approve",
            one.state == "requested",
            lambda: approve_return(
                vendor=self.vendors[part.vendor.pk], asked=self.stored_return(one), answer="Send it."
            ),
        ):
            one.state, one.waits = "approved", self.waits(SEND)

    @some_return_is("requested")
    @rule(place=places, stray=strays)
    def say_no(self, place: int, stray: bool) -> None:
        part, one = self.a_return(place, stray, {"requested"})
        if self.try_return_step(
            "refuse",
            one.state == "requested",
            lambda: refuse_return(
                vendor=self.vendors[part.vendor.pk], asked=self.stored_return(one), answer="No."
            ),
        ):
            one.state = "refused"

    @some_return_is("approved")
    @rule(place=places, stray=strays)
    def send_it_back(self, place: int, stray: bool) -> None:
        part, one = self.a_return(place, stray, {"approved"})
        if self.try_return_step(
            "send back",
            one.state == "approved",
            lambda: send_return(
                customer=self.customers[part.customer],
                asked=self.stored_return(one),
                carrier="C",
                tracking_code="B",
            ),
        ):
            one.state, one.waits = "sent", self.waits(INSPECT)

    @some_return_is("requested", "approved")
    @rule(place=places, stray=strays)
    def keep_it_after_all(self, place: int, stray: bool) -> None:
        part, one = self.a_return(place, stray, {"requested", "approved"})
        if self.try_return_step(
            "withdraw",
            one.state in {"requested", "approved"},
            lambda: withdraw_return(customer=self.customers[part.customer], asked=self.stored_return(one)),
        ):
            one.state = "withdrawn"

    @some_return_is(*OPEN)
    @rule(
        place=places,
        stray=strays,
        takes=counts,
        shelves=counts,
        percent=st.sampled_from([0, 0, 7, 50, 100, 101]),
    )
    def look_at_it_and_pay_back(
        self, place: int, stray: bool, takes: list[int], shelves: list[int], percent: int
    ) -> None:
        """All of it, some or none; some on sale again; some points deducted, all, or more than all."""
        part, one = self.a_return(place, stray, {"requested", "approved", "sent"})
        asked_for = list(one.pieces)
        accepted = {
            line: min(number, one.pieces[line] + stray)
            for line, number in zip(asked_for, takes, strict=False) if number
        }  # fmt: skip
        restocked = {
            line: min(number, accepted[line] + stray)
            for line, number in zip(asked_for, shelves, strict=False) if number and line in accepted
        }  # fmt: skip
        is_open = one.state in {"requested", "approved", "sent"}
        wrong: type[Exception] | None = None
        deducted = 0
        if not accepted:
            wrong = None if one.state == "sent" else IllegalReturnStep
        elif any(number > one.pieces[line] for line, number in accepted.items()) or any(
            number > accepted[line] for line, number in restocked.items()
        ):
            wrong = PiecesNotThere
        elif not is_open:
            # What the pieces would be worth now is of no interest any more.
            wrong = IllegalReturnStep
        else:
            worth = self.books.worth(accepted)
            deducted = worth + 1 if percent > 100 else worth * percent // 100
            wrong = DeductionTooHigh if deducted > worth else None
        settled = self.try_step(
            "settle",
            wrong,
            lambda: settle_return(
                vendor=self.vendors[part.vendor.pk],
                actor=self.staff[0],
                asked=self.stored_return(one),
                accepted={line.pk: number for line, number in accepted.items()},
                restocked={line.pk: number for line, number in restocked.items()},
                deducted_points=deducted,
                answer="",
            ),
        )
        if settled is None:
            return
        if accepted:
            self.books.take_back(part, one, accepted=accepted, restocked=restocked, deducted=deducted)
        else:
            one.state = "rejected"

    @precondition(lambda self: any(part.open_return for part in self.books.parts))
    @rule()
    def who_is_asked_stays_silent(self) -> None:
        """Of the return that waits the longest, the next step is done."""
        part, one = min(
            ((part, part.open_return) for part in self.books.parts if part.open_return),
            key=lambda each: each[1].waits,
        )
        days = one.waits[0] + 1
        assert settle_silent_returns(now=self.started + timedelta(days=days), limit=1) == 1
        if one.state == "requested":
            one.state, one.waits = "approved", self.waits(days + SEND)
        elif one.state == "approved":
            one.state = "withdrawn"
        else:
            self.books.take_back(part, one, accepted=one.pieces, restocked={}, deducted=0)

    @precondition(lambda self: any(part.returns for part in self.books.parts))
    @rule(place=places)
    def others_touch_a_return(self, place: int) -> None:
        part, one = self.a_return(place, True, set())
        stranger = next(vendor for pk, vendor in self.vendors.items() if pk != part.vendor.pk)
        somebody = next(person for pk, person in self.customers.items() if pk != part.customer)
        asked = self.stored_return(one)
        for request in (
            lambda: approve_return(vendor=stranger, asked=asked, answer=""),
            lambda: refuse_return(vendor=stranger, asked=asked, answer=""),
            lambda: withdraw_return(customer=somebody, asked=asked),
        ):
            self.try_step("stranger's return", Return.DoesNotExist, request)

    # Helpers --------------------------------------------------------------------------------
    def waits(self, days: float) -> tuple[float, int]:
        return days, next(self.sequence)

    def a_return(self, place: int, stray: bool, states: set[str]) -> tuple[Part, Back]:
        everyone = [(part, one) for part in self.books.parts for one in part.returns]
        fitting = [each for each in everyone if each[1].state in states]
        return one_of(everyone if stray or not fitting else fitting, place)

    def stored_return(self, one: Back) -> Return:
        return Return.objects.get(pk=one.pk)

    def try_return_step(self, name: str, is_right: bool, request) -> object:  # type: ignore[no-untyped-def]
        return self.try_step(name, None if is_right else IllegalReturnStep, request)
