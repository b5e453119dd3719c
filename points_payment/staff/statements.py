"""Statements of vendors, and the questions about them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from points_payment.kinds import StatementState
from points_payment.models import SettlementStatement
from points_payment.services.settlement import answer_question, resolve_question
from points_payment.settlement_exports import movement_lines, statement_pdf, statement_sums
from points_payment.settlement_selectors import all_statements, movements
from points_payment.settlement_words import explain_settlement
from points_payment.staff.asking import act_and_tell, actor_of
from points_payment.staff.settlement import may_pay, may_see
from points_payment.staff.settlement_forms import AnswerForm, StatementFilterForm
from points_payment.vendors import vendor_names

PER_PAGE = 25


@require_safe
@never_cache
@may_see
def statements(request: HttpRequest) -> HttpResponse:
    form = StatementFilterForm(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = Paginator(all_statements(state=state), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    names = vendor_names({one.vendor_id for one in shown})
    rows = [{"statement": one, "vendor": names[one.vendor_id]} for one in shown]
    return render(request, "staff/settlement/statements.html", {"form": form, "rows": rows, "page_obj": page})


@require_safe
@never_cache
@may_see
def statement(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _statement(pk))


@require_POST
@never_cache
@may_pay
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    return _write(request, pk, answer_question, done=_("Your answer is sent."))


@require_POST
@never_cache
@may_pay
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    return _write(request, pk, resolve_question, done=_("The question is resolved, and the vendor is told."))


@require_safe
@never_cache
@may_see
def as_csv(request: HttpRequest, pk: int) -> HttpResponse:
    one = _statement(pk)
    return _csv(movement_lines(movements(vendor_id=one.vendor_id, statement=one)), f"statement-{pk}.csv")


@require_safe
@never_cache
@may_see
def as_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    one = _statement(pk)
    content = statement_pdf(one, vendor_name=vendor_names([one.vendor_id])[one.vendor_id])
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="statement-{pk}.pdf"'
    return response


def _write(request: HttpRequest, pk: int, write: Callable[..., object], *, done: str) -> HttpResponse:
    one = _statement(pk)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, one, form=form, status=422)
    act_and_tell(
        request, lambda: write(statement=one, actor=actor_of(request), text=form.cleaned_data["text"]),
        done=done, explain=explain_settlement,
    )  # fmt: skip
    return redirect("points_staff:settlement", pk)


def _page(
    request: HttpRequest, one: SettlementStatement, *, form: AnswerForm | None = None, status: int = 200
) -> HttpResponse:
    may_answer = one.state == StatementState.QUESTIONED and request.user.has_perm("users.ledger_adjust")
    context = {
        "statement": one,
        "vendor": vendor_names([one.vendor_id])[one.vendor_id],
        "sums": statement_sums(one),
        "thread": list(one.messages.all()),
        "form": (form or AnswerForm()) if may_answer else None,
    }
    return render(request, "staff/settlement/statement.html", context, status=status)


def _statement(pk: int) -> SettlementStatement:
    return get_object_or_404(all_statements(), pk=pk)


def _csv(lines: Iterable[str], name: str) -> HttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    # Only the type differs: a decorated view is declared to answer with an HttpResponse.
    return cast("HttpResponse", response)
