"""Roles of the platform: named sets of rights, made and given while the shop runs."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.roles.seeds import SEEDS
from marketplace.users.permissions import PlatformPermission


class Role(models.Model):
    """A named set of platform rights. Django's backends see the group under it."""

    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    #: Empty in a seeded role that nobody renamed: its name is then translated for whoever looks.
    own_name = models.CharField(_("name"), max_length=80, blank=True)
    own_description = models.CharField(_("description"), max_length=300, blank=True)
    group = models.OneToOneField(
        Group, verbose_name=_("group"), on_delete=models.PROTECT, related_name="platform_role"
    )
    seeded = models.BooleanField(_("comes with the shop"), default=False, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("platform role")
        verbose_name_plural = _("platform roles")
        ordering = ["-seeded", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        if self.own_name or self.slug not in SEEDS:
            return self.own_name or self.slug
        return str(SEEDS[self.slug].name)

    @property
    def description(self) -> str:
        if self.own_description or self.slug not in SEEDS:
            return self.own_description
        return str(SEEDS[self.slug].description)

    @property
    def permissions(self) -> frozenset[PlatformPermission]:
        """Its rights; reads ``group.permissions``, which lists prefetch."""
        known = {permission.value for permission in PlatformPermission}
        return frozenset(
            PlatformPermission(permission.codename)
            for permission in self.group.permissions.all()
            if permission.codename in known
        )


class RoleChange(models.Model):
    """Who changed what in roles, and why. Rows are only ever added: the database refuses the rest."""

    class Action(models.TextChoices):
        CREATED = "created", _("Role created")
        EDITED = "edited", _("Role edited")
        DELETED = "deleted", _("Role deleted")
        GIVEN = "given", _("Role given")
        TAKEN = "taken", _("Role taken")
        INVITED = "invited", _("Person invited")
        JOINED = "joined", _("Person joined")
        REMOVED = "removed", _("Person removed")

    #: ``platform``, or ``vendor:<code>`` for a vendor's own roles.
    scope = models.CharField(_("where"), max_length=140)
    action = models.CharField(_("what"), max_length=10, choices=Action)
    role_slug = models.CharField(_("short name of the role"), max_length=60, blank=True)
    #: As people had named it then; empty for a role with the name that it came with.
    role_name = models.CharField(_("role"), max_length=80, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    #: Empty: the platform itself, as when it seeds its roles.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    #: Rights added and removed.
    details = models.JSONField(_("details"), default=dict, blank=True)
    created_at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("change of roles")
        verbose_name_plural = _("changes of roles")
        ordering = ["-id"]
        indexes = [models.Index(fields=["scope", "-id"], name="roles_change_by_scope")]

    def __str__(self) -> str:
        return f"{self.get_action_display()}: {self.role_label}"

    @property
    def role_label(self) -> str:
        if self.role_name or self.role_slug not in SEEDS:
            return self.role_name or self.role_slug
        return str(SEEDS[self.role_slug].name)
