from typing import TYPE_CHECKING

from oscar.apps.offer import applicator

from forked_apps.offer.models import ConditionalOffer

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Applicator(applicator.Applicator):
    """Asks for offers together with what they are about, where Oscar asks four times for each."""

    def get_site_offers(self) -> "QuerySet[ConditionalOffer]":
        offers: QuerySet[ConditionalOffer] = ConditionalOffer.active.filter(
            offer_type=ConditionalOffer.SITE
        ).select_related("condition__range", "benefit__range")
        return offers
