from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from oscar.apps.offer.abstract_models import AbstractConditionalOffer, AbstractRange

from forked_apps.offer.memberships import asked_now


class Bearer(models.TextChoices):
    """Whose points a discount is."""

    MARKETPLACE = "marketplace", _("Nuqta")
    VENDOR = "vendor", _("The seller")


class ConditionalOffer(AbstractConditionalOffer):
    #: Frozen with each order. Staff of the platform make offers: it bears them, unless they say else.
    borne_by = models.CharField(
        _("who bears the discount"),
        max_length=12,
        choices=Bearer,
        default=Bearer.MARKETPLACE,
        help_text=_(
            "Nuqta: sellers earn as much as without the discount, and Nuqta adds what the customer does not "
            "pay. The seller: it earns less. Orders that are placed already stay as they are."
        ),
    )

    class Meta(AbstractConditionalOffer.Meta):
        pass


class Range(AbstractRange):
    class Meta(AbstractRange.Meta):
        pass

    def contains_product(self, product: Any) -> bool:
        together = asked_now()
        if self.proxy_class or together is None or not together.knows(product.pk):
            return bool(super().contains_product(product))
        return together.has(self, product.pk)


from oscar.apps.offer.models import *  # type: ignore[assignment]  # noqa: E402, F403
