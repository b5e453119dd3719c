"""How a decision is made on the staff's pages: one asks once more, does it, and says how it went."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from marketplace.users.models import User
from points_payment.errors import PointsError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Act = Callable[[], object]
#: Puts a refusal into words.
Explain = Callable[[Any], str]


def actor_of(request: HttpRequest) -> User:
    """Who is there; the page's permission saw to it that somebody is."""
    assert isinstance(request.user, User)
    return request.user


def act_and_tell(request: HttpRequest, act: Act, *, done: str | _StrPromise, explain: Explain) -> None:
    """Do it, and tell the reader that it is done, or why not."""
    try:
        act()
    except PointsError as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, done)


def ask_and_act(
    request: HttpRequest,
    form: forms.Form,
    act: Act,
    *,
    done: str | _StrPromise,
    explain: Explain,
    then: str,
    **words: Any,
) -> HttpResponse:
    """Ask with a page of its own, as long as the form is not filled; then act, and lead on to ``then``.

    ``words`` are those of ``staff/confirm.html``: title, text, submit, about, danger.
    """
    if form.is_valid():
        act_and_tell(request, act, done=done, explain=explain)
        return redirect(then)
    context = {"form": form, "cancel_url": then, **words}
    return render(request, "staff/confirm.html", context, status=422 if form.errors else 200)
