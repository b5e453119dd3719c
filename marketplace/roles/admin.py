"""Roles in Django's admin: to look at. They change through the staff pages, which check and record."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from guardian.models import GroupObjectPermission, UserObjectPermission

from marketplace.roles.models import Role, RoleChange


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Role)
class RoleAdmin(ReadOnlyAdmin):
    list_display = ("name", "slug", "seeded", "created_at")
    search_fields = ("slug", "own_name")


@admin.register(RoleChange)
class RoleChangeAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "scope", "action", "role_label", "person", "actor", "reason")
    list_filter = ("action",)
    list_select_related = ("person", "actor")
    search_fields = ("scope", "role_name", "reason")


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(ReadOnlyAdmin):
    """What stands under the roles, as Django's and guardian's backends see it."""

    list_display = ("name",)
    search_fields = ("name",)


class ObjectPermissionAdmin(ReadOnlyAdmin):
    list_filter = ("permission",)
    list_select_related = ("permission__content_type", "content_type")


@admin.register(GroupObjectPermission)
class GroupObjectPermissionAdmin(ObjectPermissionAdmin):
    list_display = ("group", "permission", "content_type", "object_pk")


@admin.register(UserObjectPermission)
class UserObjectPermissionAdmin(ObjectPermissionAdmin):
    list_display = ("user", "permission", "content_type", "object_pk")
