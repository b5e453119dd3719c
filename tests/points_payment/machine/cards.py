"""Cards from the printer to the wallet, and every other end that they can come to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from marketplace.users.models import User
from points_payment.errors import (
    CardNotFreezable,
    CardNotRedeemable,
    CardNotReplaceable,
    CardsNotStocked,
    Overpaid,
    RangeOverlaps,
    SamePerson,
    WrongBatchState,
    WrongRangeState,
)
from points_payment.kinds import AccountKind, CardState, TransferKind
from points_payment.models import Batch, Card as StoredCard, Consignment
from points_payment.services.attempts import Attempt
from points_payment.services.batches import (
    OWN_SHOP_ID,
    activate_batch,
    approve_batch,
    draft_batch,
    issue_codes_once,
    void_batch,
)
from points_payment.services.card_support import (
    approve_replacement,
    freeze_card,
    request_replacement,
    unfreeze_card,
)
from points_payment.services.ranges import (
    consign_range,
    deliver_and_activate_range,
    expire_cards,
    receive_batch,
    record_shop_payment,
    return_range,
    void_range,
)
from points_payment.services.redemption import redeem_card
from tests.factories.points import new_key
from tests.points_payment.machine.books import Card
from tests.points_payment.machine.steps import Steps, moves, one_of, places, points

WORTH = (CardState.ACTIVE, CardState.FROZEN)
EXPIRY_DAYS = (10, 100)


@dataclass(eq=False)
class Range:
    """A consignment of a shop that was delivered."""

    stored: Consignment
    cards: list[Card]
    is_open: bool = True
    is_returned: bool = False


@dataclass(eq=False)
class Printed:
    """A batch whose codes were made."""

    stored: Batch
    cards: list[Card]
    value: int
    expires: int
    is_active: bool = False
    is_over: bool = False
    is_received: bool = False
    #: Made in the place of a damaged card.
    replaces: bool = False
    ranges: list[Range] = field(default_factory=list)

    @property
    def can_become_active(self) -> bool:
        return not self.is_active and not self.is_over


class CardRules(Steps):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[Printed] = []
        self.home: dict[Card, Printed] = {}

    # Making them --------------------------------------------------------------------------
    @rule(number=st.integers(1, 4), value=points, expires=st.sampled_from(EXPIRY_DAYS))
    def print_batch(self, number: int, value: int, expires: int) -> None:
        drafter, second = self.staff
        batch = draft_batch(
            face_value_points=value, number_of_cards=number,
            expires_on=timezone.localdate(self.started) + timedelta(days=expires), note="", actor=drafter,
        )  # fmt: skip
        self.refused(SamePerson, lambda: approve_batch(batch=batch, actor=drafter))
        approve_batch(batch=batch, actor=second)
        issued = issue_codes_once(batch=batch, actor=drafter)
        self.remember(lambda: issue_codes_once(batch=batch, actor=drafter), WrongBatchState)
        self.add(
            Printed(
                batch,
                [
                    Card(issued.first_number + at, code.replace(" ", ""))
                    for at, (_serial, code) in enumerate(issued)
                ],
                value,
                expires,
            )
        )

    def add(self, batch: Printed) -> None:
        self.batches.append(batch)
        for card in batch.cards:
            self.home[card] = batch
            self.books.cards[card.number] = card.state

    def put(self, card: Card, state: CardState) -> None:
        card.state = state
        self.books.cards[card.number] = state

    def put_all(self, cards: list[Card], given: tuple[CardState, ...], state: CardState) -> int:
        """Cards in one of these states come to another; how many."""
        found = [card for card in cards if card.state in given]
        for card in found:
            self.put(card, state)
        return len(found)

    # Activating ---------------------------------------------------------------------------
    @moves(TransferKind.CARD_ACTIVATION)
    @precondition(lambda self: self.batches)
    @rule(place=places)
    def activate_batch(self, place: int) -> None:
        batch = one_of(self.batches, place)

        def send() -> object:
            return activate_batch(batch=batch.stored, actor=self.staff[1])

        if not batch.can_become_active:
            self.refused(WrongBatchState, send)
            return
        self.refused(SamePerson, lambda: activate_batch(batch=batch.stored, actor=self.staff[0]))
        send()
        self.remember(send, WrongBatchState)
        batch.is_active = True
        value = batch.value * self.put_all(batch.cards, (CardState.STOCKED,), CardState.ACTIVE)
        self.books.move((AccountKind.SHOP, OWN_SHOP_ID, -value), (AccountKind.BATCH, batch.stored.pk, value))

    @moves(TransferKind.CARD_ACTIVATION)
    @precondition(lambda self: self.batches)
    @rule(place=places, is_second_half=st.booleans())
    def deliver_to_the_shop(self, place: int, is_second_half: bool) -> None:
        """Half of a batch's cards."""
        batch, actor = one_of(self.batches, place), self.staff[1]
        if batch.can_become_active and not batch.is_received:
            receive_batch(batch=batch.stored, actor=actor)
            batch.is_received = True
        middle = len(batch.cards) // 2
        cards = batch.cards[middle:] if is_second_half else batch.cards[:middle] or batch.cards

        def send() -> Consignment:
            return consign_range(
                batch=batch.stored, first_number=cards[0].number, last_number=cards[-1].number,
                shop=self.shop, actor=actor,
            )  # fmt: skip

        taken = {card for held in batch.ranges if not held.is_returned for card in held.cards}
        if batch.is_over:
            self.refused(WrongBatchState, send)
        elif taken & set(cards):
            self.refused(RangeOverlaps, send)
        elif any(card.state not in {CardState.STOCKED, CardState.VOID} for card in cards):
            self.refused(CardsNotStocked, send)
        else:
            self.deliver(batch, Range(send(), cards))

    def deliver(self, batch: Printed, sent: Range) -> None:
        def send() -> object:
            return deliver_and_activate_range(consignment=sent.stored, actor=self.staff[1])

        batch.ranges.append(sent)
        if not any(card.state == CardState.STOCKED for card in sent.cards):
            self.refused(CardsNotStocked, send)
            return_range(consignment=sent.stored, actor=self.staff[1], reason="nothing in it")
            sent.is_open, sent.is_returned = False, True
            return
        self.refused(
            SamePerson, lambda: deliver_and_activate_range(consignment=sent.stored, actor=self.staff[0])
        )
        send()
        self.remember(send, WrongRangeState)
        batch.is_active = True
        value = batch.value * self.put_all(sent.cards, (CardState.STOCKED,), CardState.ACTIVE)
        self.books.move((AccountKind.SHOP, self.shop.pk, -value), (AccountKind.BATCH, batch.stored.pk, value))

    # Redeeming ----------------------------------------------------------------------------
    @moves(TransferKind.CARD_REDEMPTION)
    @precondition(lambda self: self.home)
    @rule(place=places, customer_place=places)
    def redeem(self, place: int, customer_place: int) -> None:
        """Also cards that are not active, used, frozen or void; by a stranger, whose attempts those cost."""
        card, key = one_of(list(self.home), place), self.key
        batch = self.home[card]

        def send(customer: User, other: str = "") -> int:
            return redeem_card(
                customer=customer, code=other or card.code, idempotency_key=key,
                attempt=Attempt("192.0.2.1", new_key()),
            ).transfer_id  # fmt: skip

        if card.state != CardState.ACTIVE:
            stranger = User.objects.create(first_name="Stranger")
            self.refused(CardNotRedeemable, lambda: send(stranger))
            return
        customer, someone = one_of(self.customers, customer_place), one_of(self.customers, customer_place + 1)
        self.remember(lambda: send(customer), send(customer), otherwise=lambda: send(someone))
        self.put(card, CardState.REDEEMED)
        self.books.credit(customer.pk, batch.value)
        self.books.move(
            (AccountKind.BATCH, batch.stored.pk, -batch.value),
            (AccountKind.CUSTOMER_PAID, customer.pk, batch.value),
        )

    # One card -----------------------------------------------------------------------------
    @precondition(lambda self: self.home)
    @rule(place=places)
    def freeze_or_thaw(self, place: int) -> None:
        card = one_of(list(self.home), place)
        stored = StoredCard.objects.get(number=card.number)
        if card.state == CardState.ACTIVE:
            freeze_card(card=stored, actor=self.staff[1], reason="")
            self.put(card, CardState.FROZEN)
        elif card.state == CardState.FROZEN:
            unfreeze_card(card=stored, actor=self.staff[1], reason="")
            self.put(card, CardState.ACTIVE)
        else:
            self.refused(CardNotFreezable, lambda: freeze_card(card=stored, actor=self.staff[1], reason=""))

    @moves(TransferKind.CARD_REPLACEMENT)
    @precondition(lambda self: self.home)
    @rule(place=places)
    def replace_card(self, place: int) -> None:
        card, (first, second) = one_of(list(self.home), place), self.staff
        old = self.home[card]
        stored = StoredCard.objects.get(number=card.number)

        def ask() -> object:
            return request_replacement(
                card=stored, actor=first, reason="torn", proof_seen="receipt", last_four=card.code[-4:]
            )

        if card.state not in WORTH:
            self.refused(CardNotReplaceable, ask)
            return
        asked = ask()
        self.refused(SamePerson, lambda: approve_replacement(replacement=asked, actor=first))
        made = approve_replacement(replacement=asked, actor=second)
        self.remember(lambda: approve_replacement(replacement=asked, actor=second), CardNotReplaceable)
        self.put(card, CardState.VOID)
        new = Card(made.card.number, made.code.replace(" ", ""), CardState.ACTIVE)
        batch = Batch.objects.get(pk=made.card.batch_id)
        self.add(Printed(batch, [new], old.value, old.expires, is_active=True, replaces=True))
        self.books.move(
            (AccountKind.BATCH, old.stored.pk, -old.value), (AccountKind.BATCH, batch.pk, old.value)
        )

    # Coming back, and the end -------------------------------------------------------------
    @moves(TransferKind.CARD_RETURN)
    @precondition(lambda self: any(batch.ranges for batch in self.batches))
    @rule(place=places)
    def shop_returns_a_range(self, place: int) -> None:
        """What was frozen by itself comes back, and is never sold again."""
        batch, held = one_of(self.all_ranges(), place)

        def send() -> object:
            return return_range(consignment=held.stored, actor=self.staff[1], reason="unsold")

        if not held.is_open:
            self.refused(WrongRangeState, send)
            return
        send()
        self.remember(send, WrongRangeState)
        held.is_open, held.is_returned = False, True
        back = self.put_all(held.cards, (CardState.FROZEN,), CardState.VOID)
        back += self.put_all(held.cards, (CardState.ACTIVE,), CardState.STOCKED)
        self.owe_less(batch, self.shop.pk, back)

    @moves(TransferKind.CARD_VOID)
    @precondition(lambda self: any(batch.ranges for batch in self.batches))
    @rule(place=places)
    def void_a_range(self, place: int) -> None:
        batch, held = one_of(self.all_ranges(), place)

        def send() -> object:
            return void_range(consignment=held.stored, actor=self.staff[1], reason="lost")

        if not held.is_open:
            self.refused(WrongRangeState, send)
            return
        send()
        self.remember(send, WrongRangeState)
        held.is_open = False
        self.owe_less(batch, self.shop.pk, self.put_all(held.cards, WORTH, CardState.VOID))
        self.put_all(held.cards, (CardState.STOCKED,), CardState.VOID)

    @moves(TransferKind.CARD_VOID)
    @precondition(lambda self: self.batches)
    @rule(place=places)
    def void_a_batch(self, place: int) -> None:
        """A shop owes a card that was replaced for good, so a void new one is nobody's gain but ours."""
        batch = one_of(self.batches, place)

        def send() -> object:
            return void_batch(batch=batch.stored, actor=self.staff[1], reason="lost")

        if batch.is_over:
            self.refused(WrongBatchState, send)
            return
        send()
        self.remember(send, WrongBatchState)
        batch.is_over = True
        for held in batch.ranges:
            if held.is_open:
                held.is_open = False
                self.owe_less(batch, self.shop.pk, self.put_all(held.cards, WORTH, CardState.VOID))
        rest = self.put_all(batch.cards, WORTH, CardState.VOID)
        if batch.replaces:
            self.books.move(
                (AccountKind.BATCH, batch.stored.pk, -rest * batch.value),
                (AccountKind.BREAKAGE, 0, rest * batch.value),
            )
        else:
            self.owe_less(batch, OWN_SHOP_ID, rest)
        self.put_all(batch.cards, (CardState.STOCKED,), CardState.VOID)

    @moves(TransferKind.CARD_EXPIRY)
    @rule(days=st.sampled_from([day + 1 for day in EXPIRY_DAYS]))
    def expire_cards(self, days: int) -> None:
        """As it will be after so many days; shops go on owing what they sold."""
        today = timezone.localdate(self.started) + timedelta(days=days)
        expired = 0
        for batch in self.batches:
            if batch.is_over or batch.expires >= days:
                continue
            batch.is_over = True
            for held in batch.ranges:
                held.is_open = False
            worth = self.put_all(batch.cards, WORTH, CardState.EXPIRED)
            self.books.move(
                (AccountKind.BATCH, batch.stored.pk, -worth * batch.value),
                (AccountKind.BREAKAGE, 0, worth * batch.value),
            )
            expired += worth + self.put_all(batch.cards, (CardState.STOCKED,), CardState.EXPIRED)
        assert expire_cards(today=today) == expired
        assert expire_cards(today=today) == 0

    def all_ranges(self) -> list[tuple[Printed, Range]]:
        return [(batch, held) for batch in self.batches for held in batch.ranges]

    def owe_less(self, batch: Printed, shop_id: int, cards: int) -> None:
        self.books.move(
            (AccountKind.BATCH, batch.stored.pk, -cards * batch.value),
            (AccountKind.SHOP, shop_id, cards * batch.value),
        )

    # What shops pay -----------------------------------------------------------------------
    @moves(TransferKind.SHOP_PAYMENT)
    @rule(amount=points)
    def shop_pays(self, amount: int) -> None:
        """Also more than it owes."""
        key, actor = self.key, self.staff[0]

        def send(amount_points: int) -> int:
            return record_shop_payment(
                shop=self.shop, amount_points=amount_points, reference="receipt", actor=actor,
                idempotency_key=key,
            )  # fmt: skip

        owed = max(-self.books.accounts[AccountKind.SHOP, self.shop.pk], 0)
        if amount > owed:
            assert self.refused(Overpaid, lambda: send(amount)).owed_points == owed
            amount = owed
        if not amount:
            return
        self.remember(lambda: send(amount), send(amount), otherwise=lambda: send(amount + 1))
        self.books.move(
            (AccountKind.COLLECTIONS, actor.pk, -amount), (AccountKind.SHOP, self.shop.pk, amount)
        )
