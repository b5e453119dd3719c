"""The vendor's invoices and credit notes."""

from __future__ import annotations

from django import forms
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from forked_apps.order.document_models import Invoice, InvoiceKind
from forked_apps.order.invoice_views import invoice_response
from forked_apps.order.selectors import vendor_invoices
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required

PER_PAGE = 25


class InvoiceFilterForm(forms.Form):
    """A filter that makes no sense is none."""

    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("All documents")), *InvoiceKind.choices]
    )
    q = forms.CharField(
        label=_("Number of the invoice or order"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "search", "dir": "ltr"}),
    )


@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def invoices(request: VendorRequest) -> HttpResponse:
    form = InvoiceFilterForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    found = vendor_invoices(vendor=request.vendor, kind=chosen.get("kind", ""), words=chosen.get("q", ""))
    page: Paginator[Invoice] = Paginator(found, PER_PAGE)
    return portal_page(
        request,
        "vendor_portal/invoices.html",
        {
            "form": form,
            "page_obj": page.get_page(request.GET.get("page")),
            "is_filtered": bool(chosen.get("kind") or chosen.get("q")),
        },
    )


@require_GET
@never_cache
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def invoice(request: VendorRequest, number: str, language: str) -> HttpResponse:
    return invoice_response(Invoice.objects.filter(vendor=request.vendor), number=number, language=language)
