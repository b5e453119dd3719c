"""The end of the way: handed over by the buyer's code, refused, taken as delivered, and paid for."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from forked_apps.order.dispute_errors import DisputeOpen
from forked_apps.order.errors import (
    HandoverLocked,
    IllegalAllowance,
    IllegalStep,
    PiecesNotThere,
    ReturnOpen,
    WrongHandoverCode,
)
from forked_apps.order.handover import handover_code
from forked_apps.order.models import VendorOrder
from forked_apps.order.services.allowances import give_allowance
from forked_apps.order.services.delivery import (
    assume_deliveries,
    complete_due,
    complete_vendor_order,
    hand_over,
    mark_delivered,
)
from tests.forked_apps.order.machine.steps import Steps, counts, one_of, places, some_part_is, strays

IN_RESERVE = {"delivered", "partly_returned"}
ARRIVED = IN_RESERVE | {"completed"}
MOST_WRONG_CODES = 5


class DeliveringRules(Steps):
    @some_part_is("shipped")
    @rule(place=places, stray=strays, numbers=counts, is_right=st.sampled_from([True, True, True, False]))
    def hand_over(self, place: int, stray: bool, numbers: list[int], is_right: bool) -> None:
        """With the buyer's code, or another one; some of it is refused at the door."""
        part = self.part(place, stray, {"shipped"})
        refused = self.pieces(part, numbers, lambda line: line.arrived)
        self.at_the_door(place, part, refused, is_right=is_right)

    @some_part_is("shipped")
    @rule(place=places, stray=strays, more=st.sampled_from([0, 0, 1]))
    def refuse_all_of_it(self, place: int, stray: bool, more: int) -> None:
        """Also more than was sent."""
        part = self.part(place, stray, {"shipped"})
        refused = {line: line.arrived + more for line in part.lines if line.arrived + more}
        self.at_the_door(place, part, refused, is_right=True)

    def at_the_door(self, place: int, part, refused, *, is_right: bool) -> None:  # type: ignore[no-untyped-def]
        code = handover_code(self.stored(part))
        typed = code if is_right else str((int(code) + 1) % 10**6).zfill(6)
        wrong: type[Exception] | None = None
        if part.status != "shipped":
            wrong = IllegalStep
        elif part.wrong_codes == MOST_WRONG_CODES:
            wrong = HandoverLocked
        elif not is_right:
            wrong = WrongHandoverCode
        elif any(number > line.arrived for line, number in refused.items()):
            wrong = PiecesNotThere
        asked = {line.pk: number for line, number in refused.items()}
        if self.try_step(
            "hand over", wrong, lambda: hand_over(**self.asked(part), code=typed, refused=asked, reason="no")
        ):
            self.books.hand_over(part, refused)
        elif wrong is WrongHandoverCode:
            part.wrong_codes += 1

    @some_part_is("shipped")
    @rule(place=places, stray=strays)
    def vendor_says_it_arrived(self, place: int, stray: bool) -> None:
        part = self.part(place, stray, {"shipped"})
        wrong = None if part.status == "shipped" else IllegalStep
        if self.try_step("mark delivered", wrong, lambda: mark_delivered(**self.asked(part))):
            part.status = "delivered"

    @rule()
    def nobody_speaks_of_it(self) -> None:
        late = min((part for part in self.books.parts if part.status == "shipped"), key=lambda part: part.pk,
                   default=None)  # fmt: skip
        assert assume_deliveries(now=self.started + timedelta(days=60), limit=1) == (late is not None)
        if late:
            late.status = "delivered"

    @precondition(
        lambda self: any(part.status in ARRIVED and not part.is_long_ago for part in self.books.parts)
    )
    @rule(place=places)
    def eight_days_pass_for_one(self, place: int) -> None:
        part = one_of(
            [part for part in self.books.parts if part.status in ARRIVED and not part.is_long_ago], place
        )
        stored = self.stored(part)
        assert stored.delivered_at is not None
        assert stored.release_on is not None
        VendorOrder.objects.filter(pk=part.pk).update(
            delivered_at=stored.delivered_at - timedelta(days=8),
            release_on=stored.release_on - timedelta(days=8),
        )
        part.is_long_ago = True

    @some_part_is(*IN_RESERVE)
    @rule(place=places, stray=strays)
    def complete(self, place: int, stray: bool) -> None:
        part = self.part(place, stray, IN_RESERVE)
        wrong: type[Exception] | None = None
        if part.open_return:
            wrong = ReturnOpen
        elif part.open_problem:
            wrong = DisputeOpen
        elif part.status not in IN_RESERVE:
            wrong = IllegalStep
        stored = self.stored(part)
        if self.try_step("complete", wrong, lambda: complete_vendor_order(vendor_order=stored, actor=None)):
            self.books.complete(part)

    @rule()
    def reserves_end(self) -> None:
        due = [
            part for part in self.books.parts
            if part.is_long_ago and part.status in IN_RESERVE
            and not part.open_return and not part.open_problem
        ]  # fmt: skip
        assert complete_due(today=timezone.localdate(self.started)) == len(due)
        for part in due:
            self.books.complete(part)

    @some_part_is("shipped", "delivered", "completed")
    @rule(place=places, stray=strays, at=places, share=st.sampled_from([0, 1, 30, 60, 100, 101]))
    def give_an_allowance(self, place: int, stray: bool, at: int, share: int) -> None:
        """Before and after the vendor had the points: some of what is left of a line, all, or more."""
        part = self.part(place, stray, {"shipped", "delivered", "completed"})
        line = one_of(part.lines, at)
        points = line.left + 1 if share > 100 else line.left * share // 100
        is_right = part.status in {"shipped", "delivered", "completed"} and 0 < points <= line.left
        if self.try_step(
            "allowance",
            None if is_right else IllegalAllowance,
            lambda: give_allowance(**self.asked(part), line_id=line.pk, points=points, reason="scratched"),
        ):
            self.books.refund_line(part, line, points)
