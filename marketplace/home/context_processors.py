from typing import Any

from django.http import HttpRequest

from marketplace.home.header import Shop


def shop(request: HttpRequest) -> dict[str, Any]:
    """What every page of the shop shows around its content."""
    return {"shop": Shop(request)}
