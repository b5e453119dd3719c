"""A customer's statement, for who looks after customers: to read, and nothing else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment import statements
from points_payment.statement_forms import StatementForm
from points_payment.statement_views import expiring_facts

may_view = platform_permission_required(PlatformPermission.CUSTOMERS_VIEW)


@require_safe
@never_cache
@may_view
def wallet(request: HttpRequest, customer_pk: int) -> HttpResponse:
    customer = get_object_or_404(User.objects.select_related("wallet"), pk=customer_pk)
    form = StatementForm(request.GET, months=statements.months(customer_id=customer.pk))
    form.is_valid()
    context = {
        "customer": customer,
        "wallet": getattr(customer, "wallet", None),
        **expiring_facts(customer),
        "form": form,
        "filters": urlencode(form.chosen),
        "page": statements.statement(customer_id=customer.pk, **form.filters),
    }
    return render(request, "staff/points/wallet.html", context)
