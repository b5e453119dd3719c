"""What stands around every page of the shop, read when a template asks for it and not before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from forked_apps.basket.selectors import pieces_in_basket
from marketplace.home import frame
from marketplace.home.categories import MenuCategory, drawn, menu, top_categories
from marketplace.home.templatetags.nuqta import points
from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission

STRIP_CATEGORIES = 9

#: On every page of who is signed in, so written by hand: the ORM takes longer over it than PostgreSQL does.
STANDING = """
    SELECT EXISTS (
               SELECT FROM auth_permission AS permission
                 JOIN django_content_type AS type ON type.id = permission.content_type_id
                WHERE type.app_label = 'users' AND permission.codename = %(right)s
                  AND (EXISTS (SELECT FROM users_user_user_permissions AS own
                                WHERE own.permission_id = permission.id AND own.user_id = %(user)s)
                       OR EXISTS (SELECT FROM auth_group_permissions AS given
                                    JOIN users_user_groups AS member ON member.group_id = given.group_id
                                   WHERE given.permission_id = permission.id AND member.user_id = %(user)s))),
           EXISTS (SELECT FROM vendor_portal_vendormember WHERE user_id = %(user)s AND is_active),
           -- Promotional points whose day has come are in the balance for up to an hour, and cannot be spent.
           (SELECT paid_points + promotional_points - coalesce(
                       (SELECT sum(remaining_points) FROM points_payment_lot
                         WHERE customer_id = %(user)s AND remaining_points > 0 AND expires_at <= now()), 0)
              FROM points_payment_wallet WHERE user_id = %(user)s),
           (SELECT sum(line.quantity) FROM basket_line AS line
              JOIN basket_basket AS basket ON basket.id = line.basket_id
             WHERE basket.owner_id = %(user)s AND basket.status = 'Open')
"""
#: Parts of the shop that the navigation on phones names.
SECTIONS = frozenset({"home", "account_login", "catalogue", "basket", "wallet", "customer"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Of the person who looks: where they may go, and what they have."""

    is_staff_person: bool = False
    works_for_vendor: bool = False
    balance_points: int | None = None
    basket_pieces: int = 0


class Shop:
    """``shop`` in every template. For a signed-in person one query in all, for a visitor none or one."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.languages: list[tuple[str, str]] = list(settings.LANGUAGES)
        self.is_demo: bool = settings.NUQTA_DEMO

    @property
    def user(self) -> User | None:
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) and user.is_authenticated else None

    @property
    def balance_points(self) -> int | None:
        """What a signed-in person can spend."""
        return self._standing.balance_points

    @property
    def basket_pieces(self) -> int:
        return self._standing.basket_pieces

    @property
    def is_staff_person(self) -> bool:
        """Whether to show the way to the staff pages; the pages themselves check again."""
        return self._standing.is_staff_person

    @property
    def works_for_vendor(self) -> bool:
        """Whether to show the way to the vendors' portal; the portal itself checks again."""
        return self._standing.works_for_vendor

    @property
    def categories(self) -> tuple[MenuCategory, ...]:
        return menu()

    @property
    def strip(self) -> tuple[MenuCategory, ...]:
        return top_categories(STRIP_CATEGORIES)

    # The frame of a page ----------------------------------------------------------------------

    @property
    def head(self) -> SafeString:
        return self._part("components/head.html")

    @property
    def header(self) -> SafeString:
        return self._part(
            "components/header.html",
            signed_in=self.user is not None,
            works_for_vendor=self.works_for_vendor,
            is_staff_person=self.is_staff_person,
        )

    @property
    def footer(self) -> SafeString:
        return self._part("components/footer.html")

    @property
    def bottom_nav(self) -> SafeString:
        match = self._request.resolver_match
        section = match.view_name.partition(":")[0] if match else ""
        return self._part(
            "components/bottom_nav.html",
            signed_in=self.user is not None,
            here=section if section in SECTIONS else "",
        )

    def _part(self, template: str, **facts: frame.Fact) -> SafeString:
        text = frame.drawn_once(template, names=tuple(self._values), facts=facts, languages=self.languages)
        # Safe: the template's own words, and values that were escaped when they were filled in.
        return mark_safe(frame.fill(text, self._values))  # noqa: S308

    @cached_property
    def _values(self) -> dict[str, Callable[[], str]]:
        request = self._request
        return {
            "csrf_token": lambda: get_token(request),
            "address": request.get_full_path,
            "search_words": lambda: request.GET.get("q", ""),
            "person_name": lambda: self.user.display_name if self.user else "",
            "balance": lambda: points(self.balance_points),
            "basket_count": self._basket_count,
            "category_menu": lambda: drawn("components/category_menu.html", self.categories),
            "category_strip": lambda: drawn("components/category_strip.html", self.strip),
        }

    def _basket_count(self) -> str:
        return (
            render_to_string("components/basket_count.html", {"pieces": self.basket_pieces})
            if self.basket_pieces
            else ""
        )

    @cached_property
    def _standing(self) -> Standing:
        user = self.user
        if user is None:
            pieces = pieces_in_basket(self._request) if hasattr(self._request, "user") else 0
            return Standing(basket_pieces=pieces)
        with connection.cursor() as cursor:
            cursor.execute(STANDING, {"right": PlatformPermission.STAFF_ACCESS.value, "user": user.pk})
            staff, vendor, balance, pieces = cursor.fetchone()
        return Standing(
            is_staff_person=user.is_active and (staff or user.is_superuser),
            works_for_vendor=vendor,
            balance_points=balance or 0,
            basket_pieces=pieces or 0,
        )
