"""A dispute as its pages show it, prepared: for the buyer, for the vendor, for staff."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from forked_apps.order.dispute_models import (
    Dispute,
    DisputeEvent,
    DisputeMessage,
    DisputeState,
    Remedy,
)
from forked_apps.order.return_models import Side


@dataclass(frozen=True, slots=True)
class Said:
    message: DisputeMessage
    #: Addresses of the pictures that came with it.
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DisputePage:
    dispute: Dispute
    #: Addresses of the pictures of the first report.
    photos: tuple[str, ...]
    talk: tuple[Said, ...]
    offers: tuple[Remedy, ...]
    decisions: tuple[Remedy, ...]
    history: tuple[DisputeEvent, ...]

    @property
    def offer(self) -> Remedy | None:
        """The one that the buyer may accept."""
        return self.offers[-1] if self.offers and self.dispute.state == DisputeState.OFFERED else None

    @property
    def earlier_offers(self) -> tuple[Remedy, ...]:
        """Those that the buyer may not accept any more."""
        return self.offers[:-1] if self.offer else self.offers


def page_of(one: Dispute, *, photo_url: Callable[[int], str]) -> DisputePage:
    """No queries for a dispute of ``disputes_with_all``; ``photo_url`` of a picture's number."""
    photos: dict[int | None, list[str]] = {}
    for photo in one.photos.all():
        photos.setdefault(photo.message_id, []).append(photo_url(photo.pk))
    remedies = one.remedies.all()
    return DisputePage(
        dispute=one,
        photos=tuple(photos.get(None, ())),
        talk=tuple(Said(said, tuple(photos.get(said.pk, ()))) for said in one.messages.all()),
        offers=tuple(each for each in remedies if each.side == Side.VENDOR),
        decisions=tuple(each for each in remedies if each.side == Side.MARKETPLACE),
        history=tuple(one.events.all()),
    )
