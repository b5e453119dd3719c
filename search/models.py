"""What staff tell the search, what customers keep of it, and how it is used, without anybody's name."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.formats import isolated

LONGEST_QUERY = 200


class Synonym(models.Model):
    """Words that mean the same, or that the built-in vocabulary takes for the same and must not."""

    class Kind(models.TextChoices):
        SAME = "same", _("These mean the same")
        PLURAL = "plural", _("One word and its plurals")
        APART = "apart", _("These are not the same")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.SAME)
    #: One a line; a phrase may have several words.
    words = models.TextField(_("words"), max_length=2000)
    note = models.CharField(_("note"), max_length=200, blank=True)
    is_active = models.BooleanField(_("in force"), default=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("changed by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["-changed_at", "-pk"]

    def __str__(self) -> str:
        return " · ".join(self.phrases)

    def described(self) -> str:
        return " · ".join(map(isolated, self.phrases))

    @property
    def phrases(self) -> list[str]:
        return [line.strip() for line in self.words.splitlines() if line.strip()]


class QueryRule(models.Model):
    """What a search for exactly these words does: go to another page, or begin with chosen products."""

    #: As ``search.query_log.known_as`` writes a query, so that spelling with or without marks is one.
    query = models.CharField(_("query"), max_length=LONGEST_QUERY, unique=True)
    shown = models.CharField(_("words"), max_length=LONGEST_QUERY)
    #: A path of this shop; other sites are refused.
    redirect_to = models.CharField(_("page to open instead"), max_length=300, blank=True)
    is_active = models.BooleanField(_("in force"), default=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("changed by"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        verbose_name = _("rule for a query")
        verbose_name_plural = _("rules for queries")
        ordering = ["query"]

    def __str__(self) -> str:
        return self.shown

    def described(self) -> str:
        """The words, and what they do; each name is isolated, for they are of several scripts."""
        names = [self.redirect_to] if self.redirect_to else []
        names += [pin.product.get_title() for pin in self.pinned.select_related("product")]
        return f"{isolated(self.shown)}: {' · '.join(map(isolated, names))}"


class PinnedProduct(models.Model):
    """A product that stands before all others in the results of a query."""

    rule = models.ForeignKey(
        QueryRule, verbose_name=_("rule"), on_delete=models.CASCADE, related_name="pinned"
    )
    product = models.ForeignKey(
        "catalogue.Product", verbose_name=_("product"), on_delete=models.CASCADE, related_name="+"
    )
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("pinned product")
        verbose_name_plural = _("pinned products")
        ordering = ["rule", "position"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "product"], name="search_pinned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.product_id}"


class QueryCount(models.Model):
    """How often a query was asked on a day in a language, and what it found. No person, no address."""

    day = models.DateField(_("day"))
    language = models.CharField(_("language"), max_length=8)
    query = models.CharField(_("query"), max_length=LONGEST_QUERY)
    #: The words as one person typed them.
    shown = models.CharField(_("words"), max_length=LONGEST_QUERY)
    searches = models.PositiveIntegerField(_("searches"), default=0)
    without_results = models.PositiveIntegerField(_("without results"), default=0)
    #: Of the latest search.
    results = models.PositiveIntegerField(_("results"), default=0)

    class Meta:
        verbose_name = _("query")
        verbose_name_plural = _("queries")
        constraints = [
            models.UniqueConstraint(fields=["day", "language", "query"], name="search_query_once_a_day"),
        ]
        indexes = [models.Index(fields=["query", "day"], name="search_query_by_words")]

    def __str__(self) -> str:
        return self.shown


class ClickCount(models.Model):
    """How often the product in this place of a query's results was opened on a day."""

    day = models.DateField(_("day"))
    query = models.CharField(_("query"), max_length=LONGEST_QUERY)
    product_id = models.PositiveBigIntegerField(_("product"))
    rank = models.PositiveSmallIntegerField(_("place"))
    clicks = models.PositiveIntegerField(_("clicks"), default=0)

    class Meta:
        verbose_name = _("clicks")
        verbose_name_plural = _("clicks")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "query", "product_id", "rank"], name="search_click_once_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.query}: {self.product_id} ({self.rank})"


class SavedSearch(models.Model):
    """A list that a customer comes back to: where it is and what was chosen."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("customer"),
        on_delete=models.CASCADE,
        related_name="saved_searches",
    )
    name = models.CharField(_("name"), max_length=120)
    #: A path of the shop's lists with its query string.
    address = models.CharField(_("address"), max_length=1000)
    created_at = models.DateTimeField(_("saved"), default=timezone.now)

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "address"], name="search_saved_once"),
        ]

    def __str__(self) -> str:
        return self.name
