"""Invoices as PDF: the buyer's own, and all of them for staff who may see orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from forked_apps.order.document_models import Invoice
from forked_apps.order.invoice_documents import LANGUAGES, invoice_pdf
from forked_apps.order.selectors import all_invoices
from marketplace.documents import pdf_response
from marketplace.users.permissions import PlatformPermission, platform_permission_required

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from marketplace.users.models import User

PER_PAGE = 25
may_view = platform_permission_required(PlatformPermission.CUSTOMERS_VIEW)


def invoice_response(invoices: QuerySet[Invoice], *, number: str, language: str) -> HttpResponse:
    """One of these invoices, for eyes that the caller has checked."""
    if language not in LANGUAGES:
        raise Http404
    invoice = get_object_or_404(invoices, number=number)
    return pdf_response(invoice_pdf(invoice, language=language), f"{number}-{language}")


@require_safe
@never_cache
@login_required
def invoice(request: HttpRequest, order_number: str, number: str, language: str) -> HttpResponse:
    own = Invoice.objects.filter(
        vendor_order__order__user=cast("User", request.user), vendor_order__order__number=order_number
    )
    return invoice_response(own, number=number, language=language)


# Staff ------------------------------------------------------------------------------------
class FindInvoiceForm(forms.Form):
    q = forms.CharField(
        label=_("Number of the invoice or order, or name of the vendor"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search"}),
    )


@require_safe
@may_view
def staff_invoices(request: HttpRequest) -> HttpResponse:
    form = FindInvoiceForm(request.GET)
    form.is_valid()
    words = form.cleaned_data.get("q", "")
    page = Paginator(all_invoices(words=words), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "staff/orders/invoices.html", {"form": form, "page_obj": page, "words": words})


@require_safe
@never_cache
@may_view
def staff_invoice(request: HttpRequest, number: str, language: str) -> HttpResponse:
    return invoice_response(Invoice.objects.all(), number=number, language=language)
