"""Who works for a vendor, with which of its roles.

The rights themselves are guardian's object permissions on the vendor (Oscar's ``Partner``), held by
the group under each role: see ``vendor_portal.services.roles``.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forked_apps.partner.models import Partner, VendorStatus
from vendor_portal.seeds import SEEDS


class VendorRole(models.Model):
    """A named set of rights for one vendor."""

    vendor = models.ForeignKey(
        Partner, verbose_name=_("vendor"), on_delete=models.CASCADE, related_name="roles"
    )
    #: Names the seed in a role that came with the vendor; empty in the vendor's own.
    seed = models.CharField(_("comes with the vendor as"), max_length=20, blank=True, editable=False)
    #: Empty in a seeded role that nobody renamed: its name is then translated for whoever looks.
    own_name = models.CharField(_("name"), max_length=80, blank=True)
    group = models.OneToOneField(
        Group, verbose_name=_("group"), on_delete=models.PROTECT, related_name="vendor_role"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("vendor role")
        verbose_name_plural = _("vendor roles")
        ordering = ["vendor_id", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["vendor", "seed"], condition=~Q(seed=""), name="vendor_portal_role_seeded_once"
            ),
            models.CheckConstraint(condition=~Q(seed="", own_name=""), name="vendor_portal_role_named"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return self.own_name or str(SEEDS[self.seed].name)


class VendorMember(models.Model):
    """A person who works for a vendor. Who left is kept, inactive and without roles."""

    vendor = models.ForeignKey(
        Partner, verbose_name=_("vendor"), on_delete=models.CASCADE, related_name="members"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=models.PROTECT,
        related_name="vendor_memberships",
    )
    roles = models.ManyToManyField(VendorRole, verbose_name=_("roles"), related_name="members", blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now)

    class Meta:
        verbose_name = _("vendor member")
        verbose_name_plural = _("vendor members")
        ordering = ["joined_at", "id"]
        constraints = [models.UniqueConstraint(fields=["vendor", "user"], name="vendor_portal_member_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.vendor}"


class VendorInvitation(models.Model):
    """A place in a vendor's team, kept for whoever proves that this phone or e-mail is theirs.

    Signing in with it, verified, is the proof; so an invitation needs no secret of its own.
    """

    vendor = models.ForeignKey(
        Partner, verbose_name=_("vendor"), on_delete=models.CASCADE, related_name="invitations"
    )
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.ForeignKey(
        VendorRole, verbose_name=_("role"), on_delete=models.CASCADE, related_name="invitations"
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("invited by"), on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("accepted by"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    #: Declined by the person, or withdrawn by the vendor.
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(phone="") ^ Q(email=""), name="vendor_portal_invitation_phone_or_email"
            ),
            models.UniqueConstraint(
                fields=["vendor", "phone", "email"],
                condition=Q(accepted_at=None, closed_at=None),
                name="vendor_portal_invitation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} → {self.vendor}"

    @property
    def address(self) -> str:
        return self.phone or self.email


class VendorDecision(models.Model):
    """What the marketplace's staff decided about a vendor, each time: who, when, why."""

    vendor = models.ForeignKey(
        Partner, verbose_name=_("vendor"), on_delete=models.CASCADE, related_name="decisions"
    )
    decision = models.CharField(_("decision"), max_length=12, choices=VendorStatus)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("decided by"), on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("decision about a vendor")
        verbose_name_plural = _("decisions about vendors")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.vendor}: {self.get_decision_display()}"
