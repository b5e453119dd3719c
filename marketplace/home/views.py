from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from forked_apps.partner.models import Partner
from marketplace.home.categories import top_categories
from marketplace.home.shelves import shelves

TILES = 14
VENDORS = 8


@dataclass(frozen=True, slots=True)
class VendorTile:
    name: str
    governorate: str
    url: str

    @property
    def letter(self) -> str:
        """Stands for a logo: the first letter of the name, past the Arabic article."""
        name = self.name.strip()
        return name.removeprefix("ال")[:1] or name[:1]


def home(request: HttpRequest) -> HttpResponse:
    """The shop's front: what points are, where to go, what is new."""
    context = {"tiles": top_categories(TILES), "shelves": shelves(), "vendors": _vendors()}
    return render(request, "marketplace/home/home.html", context)


def _vendors() -> list[VendorTile]:
    search = reverse("search:search")
    return [
        VendorTile(
            vendor.name, vendor.get_governorate_display(), f"{search}?{urlencode({'vendor': vendor.pk})}"
        )
        for vendor in Partner.objects.selling().order_by("applied_at", "pk")[:VENDORS]
    ]
