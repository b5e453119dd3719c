"""What stands around every page of the shop, read when a template asks for it and not before."""

from __future__ import annotations

from functools import cached_property

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils.safestring import SafeString

from forked_apps.basket.selectors import pieces_in_basket
from marketplace.home.categories import MenuCategory, drawn, menu, top_categories
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission

STRIP_CATEGORIES = 9

#: On every page of who is signed in, so written by hand: the ORM takes longer over it than PostgreSQL does.
PLACES = """
    SELECT EXISTS (
               SELECT FROM auth_permission AS permission
                 JOIN django_content_type AS type ON type.id = permission.content_type_id
                WHERE type.app_label = 'users' AND permission.codename = %(right)s
                  AND (EXISTS (SELECT FROM users_user_user_permissions AS own
                                WHERE own.permission_id = permission.id AND own.user_id = %(user)s)
                       OR EXISTS (SELECT FROM auth_group_permissions AS given
                                    JOIN users_user_groups AS member ON member.group_id = given.group_id
                                   WHERE given.permission_id = permission.id AND member.user_id = %(user)s))),
           EXISTS (SELECT FROM vendor_portal_vendormember WHERE user_id = %(user)s AND is_active)
"""


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
    def category_menu(self) -> SafeString:
        return drawn("components/category_menu.html", self.categories)

    @property
    def category_strip(self) -> SafeString:
        return drawn("components/category_strip.html", self.strip)

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
        with connection.cursor() as cursor:
            cursor.execute(PLACES, {"right": PlatformPermission.STAFF_ACCESS.value, "user": user.pk})
            staff, vendor = cursor.fetchone()
        return user.is_active and (staff or user.is_superuser), vendor
