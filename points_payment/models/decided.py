"""What tables have in common where one person proposes, another one decides, and points may move."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person, person_or_none
from points_payment.kinds import ProposalState
from points_payment.models.ledger import Transfer


def transfer_or_none(related_name: str) -> models.OneToOneField[Transfer | None, Transfer | None]:
    """The one transfer that carried it out; none until then."""
    return models.OneToOneField(
        Transfer,
        verbose_name=_("transfer"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name=related_name,
    )


def some_points(name: str) -> models.CheckConstraint:
    """``amount_points`` is at least one."""
    return models.CheckConstraint(condition=Q(amount_points__gt=0), name=name)


def two_persons(name: str, *, waiting: str) -> models.CheckConstraint:
    """Of what is ``Proposed``: who decided, and whether points moved, by its state.

    Its states are those of ``ProposalState``, whatever the first one is called.
    """
    return models.CheckConstraint(
        condition=Q(state=waiting, decided_by=None, transfer=None)
        | Q(state=ProposalState.WITHDRAWN, decided_by=F("proposed_by"), transfer=None)
        | (
            (
                Q(state=ProposalState.REFUSED, transfer=None)
                | Q(state=ProposalState.DONE, transfer__isnull=False)
            )
            & Q(decided_by__isnull=False)
            & ~Q(decided_by=F("proposed_by"))
        ),
        name=name,
    )


class Proposed(models.Model):
    """What one person proposes and another one decides. Its terms never change, only its state does."""

    proposed_by = person(_("proposed by"))
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    decided_by = person_or_none(_("decided by"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_reason = models.CharField(_("answer"), max_length=200, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"#{self.pk}"
