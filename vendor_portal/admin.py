"""Vendors' people in Django's admin: to look at. They change through the portal, which checks and records."""

from django.contrib import admin

from marketplace.roles.admin import ReadOnlyAdmin
from vendor_portal.models import VendorDecision, VendorInvitation, VendorMember, VendorRole


@admin.register(VendorRole)
class VendorRoleAdmin(ReadOnlyAdmin):
    list_display = ("name", "vendor", "seed")
    list_select_related = ("vendor",)
    search_fields = ("own_name", "vendor__name")


@admin.register(VendorMember)
class VendorMemberAdmin(ReadOnlyAdmin):
    list_display = ("user", "vendor", "is_active", "joined_at")
    list_filter = ("is_active",)
    list_select_related = ("user", "vendor")
    search_fields = ("vendor__name", "user__phone", "user__email")


@admin.register(VendorInvitation)
class VendorInvitationAdmin(ReadOnlyAdmin):
    list_display = ("vendor", "role", "invited_by", "created_at", "expires_at", "accepted_at", "closed_at")
    list_select_related = ("vendor", "role__vendor", "invited_by")


@admin.register(VendorDecision)
class VendorDecisionAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "vendor", "decision", "actor", "reason")
    list_filter = ("decision",)
    list_select_related = ("vendor", "actor")
