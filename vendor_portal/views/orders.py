"""The vendor's part of orders: the inbox, one order, and its steps."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forked_apps.order.errors import OrderError, WrongHandoverCode
from forked_apps.order.models import VendorOrder, VendorOrderStatus
from forked_apps.order.selectors import vendor_orders
from forked_apps.order.services.allowances import GIVEN_IN, give_allowance
from forked_apps.order.services.cancellation import cancel_lines
from forked_apps.order.services.delivery import hand_over, mark_delivered
from forked_apps.order.services.fulfilment import accept_vendor_order, can_ship, mark_packed, ship_lines
from forked_apps.order.services.packing import pieces_loose
from forked_apps.order.services.parcels import UNDER_WAY
from forked_apps.order.services.parts import pieces_left, pieces_of
from forked_apps.order.status import NEXT
from forked_apps.order.timeline import timeline
from forked_apps.partner.governorates import Governorate
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.commission import frozen_commission
from vendor_portal.forms import AllowanceForm, CancelForm, HandOverForm, OrderFilterForm, ShipForm
from vendor_portal.overview import OPEN_STATUSES
from vendor_portal.parcel_forms import carrier_names

PER_PAGE = 20


@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def orders(request: VendorRequest) -> HttpResponse:
    form = OrderFilterForm(request.GET)
    form.is_valid()
    chosen = form.cleaned_data
    found = VendorOrder.objects.filter(vendor=request.vendor).select_related(
        "order__user", "order__shipping_address"
    )
    found = found.prefetch_related("parcels")
    if status := chosen.get("status"):
        found = found.filter(status__in=OPEN_STATUSES) if status == form.OPEN else found.filter(status=status)
    if number := chosen.get("q", "").strip():
        found = found.filter(number__icontains=number)
    found = found.annotate(lines_count=Count("lines")).order_by("-placed_at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    rows = [{"order": order, "governorate": _governorate(order)} for order in page]
    return portal_page(
        request,
        "vendor_portal/orders.html",
        {
            "page_obj": page,
            "rows": rows,
            "form": form,
            "is_filtered": bool(chosen.get("status") or chosen.get("q")),
        },
    )


@require_GET
@vendor_permission_required(VendorPermission.ORDERS_VIEW)
def order(request: VendorRequest, number: str) -> HttpResponse:
    return _order_page(request, _own_order(request, number))


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def accept(request: VendorRequest, number: str) -> HttpResponse:
    own = _own_order(request, number)
    try:
        accept_vendor_order(vendor=request.vendor, actor=request.user, vendor_order=own)
    except OrderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("You accepted the order."))
    return _back(request, own)


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def pack(request: VendorRequest, number: str) -> HttpResponse:
    own = _own_order(request, number)
    try:
        mark_packed(vendor=request.vendor, actor=request.user, vendor_order=own)
    except OrderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The order is marked as packed."))
    return _back(request, own)


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def ship(request: VendorRequest, number: str) -> HttpResponse:
    """A parcel with these pieces; the buyer is told its tracking code."""
    own = _own_order(request, number)
    form = ShipForm(request.POST, vendor_order=own, there=pieces_loose(own))
    if not form.is_valid():
        return _order_page(request, own, ship_form=form, status=422)
    try:
        ship_lines(
            vendor=request.vendor,
            actor=request.user,
            vendor_order=own,
            quantities=form.quantities,
            carrier=form.cleaned_data["carrier"],
            tracking_code=form.cleaned_data["tracking_code"],
            weight_grams=form.cleaned_data["weight"],
        )
    except OrderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The parcel is on its way, and the buyer knows."))
    return _back(request, own)


@require_POST
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def delivered(request: VendorRequest, number: str) -> HttpResponse:
    own = _own_order(request, number)
    try:
        mark_delivered(vendor=request.vendor, actor=request.user, vendor_order=own)
    except OrderError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The order is marked as delivered."))
    return _back(request, own)


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.ORDERS_SHIP)
def hand_over_page(request: VendorRequest, number: str) -> HttpResponse:
    """The buyer's code proves that it arrived; what was refused at the door goes back at once."""
    own = _own_order(request, number)
    if VendorOrderStatus.DELIVERED not in NEXT[VendorOrderStatus(own.status)]:
        messages.error(request, _("This order is not on its way."))
        return _back(request, own)
    form = HandOverForm(
        request.POST if request.method == "POST" else None,
        vendor_order=own,
        there={pk: pieces.arrived for pk, pieces in pieces_of(own).items()},
    )
    if form.is_valid():
        try:
            hand_over(
                vendor=request.vendor,
                actor=request.user,
                vendor_order=own,
                code=form.cleaned_data["code"],
                refused=form.quantities,
                reason=form.cleaned_data["reason"],
            )
        except WrongHandoverCode as error:
            form.add_error("code", error.message)
        except OrderError as error:
            messages.error(request, error.message)
            return _back(request, own)
        else:
            messages.success(request, _("The delivery is proved."))
            return _back(request, own)
    return portal_page(
        request,
        "vendor_portal/order_hand_over.html",
        {"order": own, "form": form},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.ORDERS_CANCEL)
def cancel(request: VendorRequest, number: str) -> HttpResponse:
    """Ask what and why first: the customer has the points back at once."""
    own = _own_order(request, number)
    if VendorOrderStatus.CANCELLED not in NEXT[VendorOrderStatus(own.status)]:
        messages.error(request, _("This order can no longer be cancelled."))
        return _back(request, own)
    form = CancelForm(
        request.POST if request.method == "POST" else None, vendor_order=own, there=pieces_left(own)
    )
    if form.is_valid():
        try:
            cancel_lines(
                vendor=request.vendor,
                actor=request.user,
                vendor_order=own,
                quantities=form.quantities,
                reason=form.cleaned_data["reason"],
            )
        except OrderError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("These pieces are cancelled, and the customer has the points back."))
        return _back(request, own)
    return portal_page(
        request,
        "vendor_portal/order_cancel.html",
        {"order": own, "form": form, "has_prepared": own.prepared_parcels.exists()},
        status=422 if form.is_bound else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@vendor_permission_required(VendorPermission.ORDERS_CANCEL)
def allowance(request: VendorRequest, number: str) -> HttpResponse:
    """Give some points back for goods that the buyer keeps."""
    own = _own_order(request, number)
    if own.status not in GIVEN_IN:
        messages.error(request, _("Nothing of this order is with the buyer yet."))
        return _back(request, own)
    form = AllowanceForm(request.POST if request.method == "POST" else None, vendor_order=own)
    if form.is_valid():
        facts = form.cleaned_data
        try:
            give_allowance(
                vendor=request.vendor,
                actor=request.user,
                vendor_order=own,
                line_id=facts["line"].pk,
                points=facts["points"],
                reason=facts["reason"],
            )
        except OrderError as error:
            form.add_error("points", error.message)
        else:
            messages.success(request, _("The customer has these points back."))
            return _back(request, own)
    return portal_page(
        request,
        "vendor_portal/order_allowance.html",
        {"order": own, "form": form},
        status=422 if form.is_bound else 200,
    )


def _own_order(request: VendorRequest, number: str) -> VendorOrder:
    """This vendor's part alone; another's does not exist here."""
    return get_object_or_404(vendor_orders(vendor=request.vendor), number=number)


def _order_page(
    request: VendorRequest, own: VendorOrder, *, ship_form: ShipForm | None = None, status: int = 200
) -> HttpResponse:
    if VendorPermission.ORDERS_VIEW not in request.rights:
        # A refused step draws the page too, and the page shows the buyer's address.
        raise PermissionDenied
    pieces = pieces_of(own)
    following = NEXT[VendorOrderStatus(own.status)]
    may_cancel = VendorPermission.ORDERS_CANCEL in request.rights and not request.read_only
    may_ship = VendorPermission.ORDERS_SHIP in request.rights and not request.read_only
    if ship_form is None and may_ship and can_ship(own) and (loose := pieces_loose(own)):
        ship_form = ShipForm(vendor_order=own, there=loose)
    context = {
        "order": own,
        "lines": [
            {"line": line, "pieces": pieces[line.pk], "reductions": line.reductions.all()}
            for line in own.lines.all()
        ],
        "commission": frozen_commission(own) if VendorPermission.MONEY_VIEW in request.rights else [],
        "steps": timeline(own),
        "address": own.order.shipping_address,
        "governorate": _governorate(own),
        "ship_form": ship_form,
        "carriers": carrier_names() if ship_form else [],
        "prepared": own.prepared_parcels.prefetch_related("parcel_lines__line"),
        "can_ship": may_ship and can_ship(own),
        "can_correct": may_ship and own.status in UNDER_WAY,
        "can_accept": may_ship and VendorOrderStatus.ACCEPTED in following,
        "can_pack": may_ship and VendorOrderStatus.PACKED in following,
        "can_deliver": may_ship and VendorOrderStatus.DELIVERED in following,
        "can_cancel": may_cancel and VendorOrderStatus.CANCELLED in following,
        "can_allow": may_cancel and own.status in GIVEN_IN,
    }
    return portal_page(request, "vendor_portal/order.html", context, status=status)


def _governorate(own: VendorOrder) -> str:
    address = own.order.shipping_address
    state = address.state if address else ""
    return str(Governorate(state).label) if state in Governorate.values else state


def _back(request: VendorRequest, own: VendorOrder) -> HttpResponse:
    return redirect("portal:orders-detail", request.vendor.code, own.number)
