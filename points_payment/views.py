"""The customer's own pages of points."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.users.models import User
from points_payment import selectors


@require_safe
@never_cache
@login_required
def statement(request: HttpRequest) -> HttpResponse:
    """Balance and movements, newest first; ``?before=`` leads on to older ones."""
    assert isinstance(request.user, User)
    before = request.GET.get("before", "")
    page = selectors.statement(
        customer_id=request.user.pk,
        before=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
    )
    wallet = getattr(request.user, "wallet", None)
    return render(request, "points_payment/statement.html", {"page": page, "wallet": wallet})
