from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from oscar.apps.catalogue.abstract_models import AbstractProduct, AbstractProductAttribute
from oscar.models.fields import AutoSlugField

from forked_apps.catalogue.content import sanitise
from marketplace.outbox.services import enqueue


class Brand(models.Model):
    """Who makes a product. A brand is written one way in all languages."""

    name = models.CharField(_("name"), max_length=128, unique=True)
    slug = AutoSlugField(_("slug"), max_length=128, unique=True, populate_from="name")

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(AbstractProduct):
    """Content alone; what it costs and who has it is an offer (``partner.StockRecord``)."""

    brand = models.ForeignKey(
        Brand,
        verbose_name=_("brand"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="products",
    )
    #: Names the drawing that stands for a product without photographs, and groups similar ones.
    kind = models.CharField(_("kind"), max_length=64, blank=True, db_index=True)
    #: Of one piece, packed. A vendor that packs otherwise says so at its offer.
    shipping_weight_grams = models.PositiveIntegerField(_("shipping weight (grams)"), null=True, blank=True)

    class Meta(AbstractProduct.Meta):
        pass

    def save(self, *args: Any, **kwargs: Any) -> None:
        for code, _name in settings.LANGUAGES:
            name = f"description_{code}"
            setattr(self, name, sanitise(getattr(self, name) or ""))
        super().save(*args, **kwargs)

    def update_rating(self) -> None:
        """The mean score of the approved reviews. Writes that alone: Oscar's would save the whole product."""
        self.rating = self.calculate_rating()
        type(self).objects.filter(pk=self.pk).update(rating=self.rating)
        enqueue(topic="search.products", payload={"ids": [self.pk]})


class ProductAttribute(AbstractProductAttribute):
    unit = models.CharField(_("unit"), max_length=16, blank=True)
    is_facet = models.BooleanField(_("offered as a filter"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta(AbstractProductAttribute.Meta):
        ordering = ["position", "code"]


from oscar.apps.catalogue.models import *  # type: ignore[assignment]  # noqa: E402, F403
