from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from marketplace.home.categories import top_categories

TILES = 12


def home(request: HttpRequest) -> HttpResponse:
    """The shop's front: what points are, where to go, what is new."""
    return render(request, "marketplace/home/home.html", {"tiles": top_categories(TILES)})
