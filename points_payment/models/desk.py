"""The top-up desk: who asks for points, who is on the phone, and whose cash is where."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.users.person_fields import person, person_or_none
from points_payment.kinds import (
    CASH_KINDS,
    CountKind,
    OperatorLimit,
    PaymentMethod,
    ProposalState,
    RequestState,
    VerificationMethod,
)
from points_payment.models.decided import Proposed, some_points, transfer_or_none, two_persons


class TopUpOperator(models.Model):
    """The row that everything about one operator's cash locks, and their limits where unusual.

    A limit without a number is the usual one: ``settings.TOP_UP_LIMITS``.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name=_("operator"),
        primary_key=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    movement_points = models.PositiveBigIntegerField(OperatorLimit.MOVEMENT.label, null=True, blank=True)
    day_points = models.PositiveBigIntegerField(OperatorLimit.DAY.label, null=True, blank=True)
    customer_day_points = models.PositiveBigIntegerField(
        OperatorLimit.CUSTOMER_DAY.label, null=True, blank=True
    )
    float_points = models.PositiveBigIntegerField(OperatorLimit.FLOAT.label, null=True, blank=True)

    class Meta:
        verbose_name = _("top-up operator")
        verbose_name_plural = _("top-up operators")

    def __str__(self) -> str:
        return str(self.user_id)


class LimitChange(models.Model):
    """Who changed which limit of whom; written once."""

    operator = person(_("operator"))
    limit = models.CharField(_("limit"), max_length=24, choices=OperatorLimit)
    #: None: the usual one.
    old_points = models.PositiveBigIntegerField(_("before"), null=True, blank=True)
    new_points = models.PositiveBigIntegerField(_("after"), null=True, blank=True)
    changed_by = person(_("changed by"))
    reason = models.CharField(_("reason"), max_length=200)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("change of a limit")
        verbose_name_plural = _("changes of limits")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(changed_by=F("operator")), name="points_limit_changed_by_other"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operator_id}: {self.limit}"


class CallerVerification(models.Model):
    """One operator finds out whether one caller is the customer. Good for one top-up, for a short time."""

    operator = person(_("operator"))
    customer = person(_("customer"))
    method = models.CharField(_("how"), max_length=12, choices=VerificationMethod)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    #: HMAC-SHA-256 of the code under the site's key; empty until the code goes out.
    code_hash = models.CharField(_("hash of the code"), max_length=64, blank=True)
    code_expires_at = models.DateTimeField(_("code expires"), null=True, blank=True)
    wrong_tries = models.PositiveSmallIntegerField(_("wrong tries"), default=0)
    #: Slugs of the questions that were answered right; never the answers.
    answered = models.CharField(_("answered"), max_length=200, blank=True)
    verified_at = models.DateTimeField(_("verified"), null=True, blank=True)
    used_at = models.DateTimeField(_("used"), null=True, blank=True)

    class Meta:
        verbose_name = _("verification of a caller")
        verbose_name_plural = _("verifications of callers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(verified_at__isnull=False), name="points_verified_before_use"
            ),
            models.CheckConstraint(condition=~Q(customer=F("operator")), name="points_verified_by_other"),
        ]
        indexes = [models.Index(fields=["customer", "created_at"], name="points_verified_lately")]

    def __str__(self) -> str:
        return f"#{self.pk}"


class TopUpRequest(models.Model):
    """A customer asks for points that they will pay for. One at a time."""

    customer = person(_("customer"))
    amount_points = models.PositiveBigIntegerField(_("amount"))
    method = models.CharField(_("how it is paid"), max_length=12, choices=PaymentMethod)
    pay_on = models.DateField(_("when it is paid"))
    note = models.CharField(_("note"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")
    state = models.CharField(_("state"), max_length=12, choices=RequestState, default=RequestState.WAITING)
    #: Who looks after it, or did.
    operator = person_or_none(_("operator"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decision_reason = models.CharField(_("answer"), max_length=200, blank=True)
    transfer = transfer_or_none("top_up_request")

    class Meta:
        verbose_name = _("request for points")
        verbose_name_plural = _("requests for points")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=[RequestState.WAITING, RequestState.TAKEN]),
                name="points_request_one_open",
            ),
            models.CheckConstraint(
                condition=(Q(state=RequestState.FULFILLED) & Q(transfer__isnull=False))
                | (~Q(state=RequestState.FULFILLED) & Q(transfer=None)),
                name="points_request_fulfilled",
            ),
            some_points("points_request_something"),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="points_request_queue",
                condition=Q(state__in=[RequestState.WAITING, RequestState.TAKEN]),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state in {RequestState.WAITING, RequestState.TAKEN}


class Decided(Proposed):
    """Points or money that somebody else has to agree to."""

    amount_points = models.PositiveBigIntegerField(_("amount"))
    reference = models.CharField(_("reference"), max_length=64)
    state = models.CharField(_("state"), max_length=12, choices=ProposalState, default=ProposalState.WAITING)
    transfer = transfer_or_none("%(class)s")

    class Meta(Proposed.Meta):
        abstract = True


class TopUpProposal(Decided):
    """A top-up above its operator's limit: nothing moves until somebody else has approved it."""

    customer = person(_("customer"))
    reason = models.CharField(_("reason"), max_length=200)
    verification = models.OneToOneField(
        CallerVerification, verbose_name=_("verification"), on_delete=models.PROTECT, related_name="proposal"
    )
    request = models.ForeignKey(
        TopUpRequest,
        verbose_name=_("request"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="proposals",
    )
    #: The operator's limit for one top-up, as it was then.
    limit_points = models.PositiveBigIntegerField(_("limit"))

    class Meta(Decided.Meta):
        verbose_name = _("top-up above the limit")
        verbose_name_plural = _("top-ups above the limit")
        constraints = [
            two_persons("points_proposal_two_persons", waiting=ProposalState.WAITING),
            models.CheckConstraint(
                condition=Q(amount_points__gt=F("limit_points")), name="points_proposal_above_limit"
            ),
            models.CheckConstraint(
                condition=~Q(customer=F("proposed_by"))
                & (~Q(state=ProposalState.DONE) | ~Q(decided_by=F("customer"))),
                name="points_proposal_of_other",
            ),
        ]


class CashHandIn(Decided):
    """Cash that somebody hands over to the platform; another person counts it and says so."""

    account_kind = models.CharField(
        _("account"), max_length=24, choices=[(kind.value, kind.label) for kind in CASH_KINDS]
    )

    class Meta(Decided.Meta):
        verbose_name = _("cash handed in")
        verbose_name_plural = _("cash handed in")
        constraints = [
            two_persons("points_hand_in_two_persons", waiting=ProposalState.WAITING),
            some_points("points_hand_in_something"),
        ]
        indexes = [
            models.Index(fields=["proposed_by", "account_kind"], name="points_hand_in_of_person"),
        ]


class DrawerCount(models.Model):
    """An operator counts their cash where a shift begins or ends. Written once; no points move."""

    operator = person(_("operator"))
    kind = models.CharField(_("kind"), max_length=12, choices=CountKind)
    opening = models.OneToOneField(
        "self",
        verbose_name=_("start of the shift"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="closing",
    )
    #: The operator's last entry then: a shift is what lies between two of them, whatever clocks say.
    last_entry_id = models.BigIntegerField(_("last entry"), default=0)
    #: Cash that the operator held by the books.
    held_points = models.BigIntegerField(_("held by the books"))
    #: Of it, handed over and not confirmed yet, so no longer in the drawer.
    handed_over_points = models.BigIntegerField(_("handed over, not confirmed"))
    counted_points = models.PositiveBigIntegerField(_("counted"))
    reason = models.CharField(_("reason of the difference"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("when"), db_default=Now())
    digest = models.BinaryField(_("digest"), editable=False, default=b"")

    class Meta:
        verbose_name = _("count of a drawer")
        verbose_name_plural = _("counts of drawers")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=CountKind.OPENING, opening=None)
                | Q(kind=CountKind.CLOSING, opening__isnull=False),
                name="points_count_opens_or_closes",
            ),
            models.CheckConstraint(
                condition=Q(counted_points=F("held_points") - F("handed_over_points")) | ~Q(reason=""),
                name="points_count_explained",
            ),
        ]
        indexes = [models.Index(fields=["operator", "-id"], name="points_count_newest")]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def expected_points(self) -> int:
        """What should have been in the drawer."""
        return self.held_points - self.handed_over_points

    @property
    def difference_points(self) -> int:
        """Too much where positive, missing where negative."""
        return self.counted_points - self.expected_points
