"""Until goods are on their way: accepted, packed, sent in parcels, or called off by either side."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from forked_apps.order.errors import IllegalStep, LinesNotShippable, ParcelNotPrepared, PiecesNotThere
from forked_apps.order.packing_models import PreparedParcel
from forked_apps.order.services.cancellation import cancel_by_customer, cancel_by_vendor, cancel_lines
from forked_apps.order.services.fulfilment import (
    accept_vendor_order,
    mark_packed,
    ship_lines,
    ship_prepared,
)
from forked_apps.order.services.packing import pieces_loose, prepare_parcel
from tests.forked_apps.order.machine.books import Line, Part
from tests.forked_apps.order.machine.steps import Steps, counts, one_of, places, some_part_is, strays

UNSENT = {"placed", "accepted", "packed"}


class HandlingRules(Steps):
    @some_part_is("placed")
    @rule(place=places, stray=strays)
    def accept(self, place: int, stray: bool) -> None:
        part = self.part(place, stray, {"placed"})
        wrong = None if part.status == "placed" else IllegalStep
        if self.try_step("accept", wrong, lambda: accept_vendor_order(**self.asked(part))):
            part.status = "accepted"

    @some_part_is("placed", "accepted")
    @rule(place=places, stray=strays)
    def pack(self, place: int, stray: bool) -> None:
        part = self.part(place, stray, {"placed", "accepted"})
        wrong = None if part.status in {"placed", "accepted"} else IllegalStep
        if self.try_step("pack", wrong, lambda: mark_packed(**self.asked(part))):
            part.status = "packed"

    @some_part_is(*UNSENT)
    @rule(place=places, stray=strays, numbers=counts, too_many=st.booleans())
    def send_a_parcel(self, place: int, stray: bool, numbers: list[int], too_many: bool) -> None:
        """Some pieces of some lines; more than there are, or none, is refused."""
        part = self.part(place, stray, UNSENT)
        pieces = self.pieces(part, numbers, lambda line: line.to_ship)
        if stray and too_many:
            pieces = {part.lines[0]: part.lines[0].to_ship + 1}
        wrong = None if part.status in UNSENT else IllegalStep
        if wrong is None and (not pieces or (stray and too_many)):
            wrong = LinesNotShippable
        self.ship(part, pieces, wrong)

    @some_part_is(*UNSENT)
    @rule(place=places, stray=strays)
    def send_all_of_it(self, place: int, stray: bool) -> None:
        part = self.part(place, stray, UNSENT)
        pieces = self.pieces(part, [line.to_ship for line in part.lines], lambda line: line.to_ship)
        self.ship(part, pieces, None if part.status in UNSENT else IllegalStep)

    @some_part_is(*UNSENT)
    @rule(place=places, stray=strays, numbers=counts)
    def prepare_a_parcel(self, place: int, stray: bool, numbers: list[int]) -> None:
        """Nothing has left then; whatever takes its pieces away unpacks it, which the proof sees."""
        part = self.part(place, stray, UNSENT)
        loose = pieces_loose(self.stored(part))
        pieces = self.pieces(part, numbers, lambda line: loose.get(line.pk, 0))
        wrong: type[Exception] | None = None if part.status in UNSENT else IllegalStep
        if wrong is None and not pieces:
            wrong = PiecesNotThere
        asked = {line.pk: number for line, number in pieces.items()}
        if self.try_step("prepare", wrong, lambda: prepare_parcel(**self.asked(part), quantities=asked)):
            part.status = "packed"

    @some_part_is("packed")
    @rule(place=places, stray=strays)
    def send_a_prepared_parcel(self, place: int, stray: bool) -> None:
        part = self.part(place, stray, {"packed"})
        box = PreparedParcel.objects.filter(vendor_order=part.pk).first()
        pieces = dict(box.parcel_lines.values_list("line_id", "quantity")) if box else {}
        facts = {"position": box.position if box else 1, "carrier": "", "tracking_code": "T"}
        if self.try_step(
            "send prepared",
            None if box else ParcelNotPrepared,
            lambda: ship_prepared(**self.asked(part), **facts),  # type: ignore[arg-type]
        ):
            self.books.ship(part, {line: pieces[line.pk] for line in part.lines if line.pk in pieces})

    def ship(self, part: Part, pieces: dict[Line, int], wrong: type[Exception] | None) -> None:
        asked = {line.pk: number for line, number in pieces.items()}
        if self.try_step(
            "ship", wrong, lambda: ship_lines(**self.asked(part), quantities=asked, tracking_code="T")
        ):
            self.books.ship(part, pieces)

    @some_part_is("placed", "accepted")
    @rule(place=places, stray=strays)
    def customer_cancels(self, place: int, stray: bool) -> None:
        part = self.part(place, stray, {"placed", "accepted"})
        wrong = None if part.status in {"placed", "accepted"} else IllegalStep
        stored = self.stored(part)
        if self.try_step(
            "customer cancels",
            wrong,
            lambda: cancel_by_customer(customer=self.customers[part.customer], vendor_order=stored),
        ):
            self.books.cancel(part, self.unsent(part))

    @some_part_is(*UNSENT)
    @rule(place=places, stray=strays)
    def vendor_cancels(self, place: int, stray: bool) -> None:
        """All that was not sent yet."""
        part = self.part(place, stray, UNSENT)
        wrong = None if part.status in UNSENT else IllegalStep
        if self.try_step(
            "vendor cancels", wrong, lambda: cancel_by_vendor(**self.asked(part), reason="broken")
        ):
            self.books.cancel(part, self.unsent(part))

    @some_part_is(*UNSENT)
    @rule(place=places, stray=strays, numbers=counts, too_many=st.booleans())
    def vendor_cancels_pieces(self, place: int, stray: bool, numbers: list[int], too_many: bool) -> None:
        part = self.part(place, stray, UNSENT)
        pieces = self.pieces(part, numbers, lambda line: line.to_ship)
        if stray and too_many:
            pieces = {part.lines[0]: part.lines[0].to_ship + 1}
        wrong: type[Exception] | None = None if part.status in UNSENT else IllegalStep
        if wrong is None and (not pieces or (stray and too_many)):
            wrong = PiecesNotThere
        asked = {line.pk: number for line, number in pieces.items()}
        if self.try_step(
            "vendor cancels pieces",
            wrong,
            lambda: cancel_lines(**self.asked(part), quantities=asked, reason="broken"),
        ):
            self.books.cancel(part, pieces)

    @precondition(lambda self: len({part.vendor for part in self.books.parts}) > 1)
    @rule(
        place=places, which=st.sampled_from([accept_vendor_order, mark_packed, ship_lines, cancel_by_vendor])
    )
    def another_vendor_touches_it(self, place: int, which: object) -> None:
        part = one_of(self.books.parts, place)
        stranger = next(vendor for pk, vendor in self.vendors.items() if pk != part.vendor.pk)
        more = {ship_lines: {"tracking_code": "T"}, cancel_by_vendor: {"reason": "no"}}.get(which, {})
        stored = self.stored(part)
        self.try_step(
            "another vendor",
            type(stored).DoesNotExist,
            lambda: which(**{**self.asked(part), "vendor": stranger}, **more),  # type: ignore[operator]
        )

    def unsent(self, part: Part) -> dict[Line, int]:
        return {line: line.to_ship for line in part.lines if line.to_ship}
