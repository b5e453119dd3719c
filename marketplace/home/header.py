"""What stands around every page of the shop, read when a template asks for it and not before."""

from __future__ import annotations

from functools import cached_property

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest

from forked_apps.basket.selectors import pieces_in_basket
from marketplace.home.categories import MenuCategory, menu, top_categories
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission
from vendor_portal.models import VendorMember

STRIP_CATEGORIES = 9


class Shop:
    """``shop`` in every template. For a signed-in person three queries in all, for a visitor none or one."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.languages: list[tuple[str, str]] = list(settings.LANGUAGES)
        self.is_demo: bool = settings.NUQTA_DEMO

    @property
    def user(self) -> User | None:
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) and user.is_authenticated else None

    @cached_property
    def balance_points(self) -> int | None:
        """What a signed-in person can spend."""
        return self.user.point_balance if self.user else None

    @cached_property
    def basket_pieces(self) -> int:
        return pieces_in_basket(self._request) if hasattr(self._request, "user") else 0

    @property
    def categories(self) -> tuple[MenuCategory, ...]:
        return menu()

    @property
    def strip(self) -> tuple[MenuCategory, ...]:
        return top_categories(STRIP_CATEGORIES)

    @property
    def is_staff_person(self) -> bool:
        """Whether to show the way to the staff pages; the pages themselves check again."""
        return self._places[0]

    @property
    def works_for_vendor(self) -> bool:
        """Whether to show the way to the vendors' portal; the portal itself checks again."""
        return self._places[1]

    @cached_property
    def _places(self) -> tuple[bool, bool]:
        user = self.user
        if user is None:
            return False, False
        may_open = Permission.objects.filter(
            Q(user=OuterRef("pk")) | Q(group__user=OuterRef("pk")),
            content_type__app_label="users",
            codename=PlatformPermission.STAFF_ACCESS.value,
        )
        member = VendorMember.objects.filter(user=OuterRef("pk"), is_active=True)
        staff, vendor = User.objects.values_list(Exists(may_open), Exists(member)).get(pk=user.pk)
        return user.is_active and (staff or user.is_superuser), vendor
