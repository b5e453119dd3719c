from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

#: allauth's limits don't say when they end; most are per minute.
WAIT_SECONDS = 60


def too_many_requests(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """The page for 429; ``handler429`` of the URLs, where allauth looks for it."""
    response = render(request, "429.html", status=429)
    response["Retry-After"] = str(WAIT_SECONDS)
    return response
