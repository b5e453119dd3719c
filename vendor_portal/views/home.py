"""The way into the portal: applying, own invitations, choosing a vendor, what waits there."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forked_apps.partner.models import VendorStatus
from forked_apps.partner.permissions import VendorPermission
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.errors import VendorError
from vendor_portal.forms import ShopForm, shop_initial
from vendor_portal.models import VendorInvitation
from vendor_portal.overview import overview_of
from vendor_portal.seeds import OWNER
from vendor_portal.selectors import invitations_for, vendors_of
from vendor_portal.services.members import accept_invitation, decline_invitation
from vendor_portal.services.onboarding import apply_as_vendor


@require_GET
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Straight to the only vendor, or a list; who has none learns how to open a shop."""
    vendors = list(vendors_of(user=request.user))  # type: ignore[arg-type]
    invitations = invitations_for(user=request.user).exists()  # type: ignore[arg-type]
    if len(vendors) == 1 and not invitations:
        return redirect("portal:dashboard", vendors[0].code)
    if not vendors and not invitations:
        return redirect("sell")
    return render(request, "vendor_portal/home.html", {"vendors": vendors, "has_invitations": invitations})


@require_http_methods(["GET", "HEAD", "POST"])
def sell(request: HttpRequest) -> HttpResponse:
    """Explain selling; take the application of who is signed in; afterwards, show how it stands."""
    own = None
    if request.user.is_authenticated:
        own = (
            vendors_of(user=request.user)
            .filter(members__roles__seed=OWNER, members__user=request.user)
            .order_by("-applied_at")
            .first()
        )
    if own is not None and own.status == VendorStatus.APPLIED:
        return render(request, "vendor_portal/sell_state.html", {"vendor": own})
    if request.method == "POST":
        return _apply(request)
    refused = own if own is not None and own.status == VendorStatus.REFUSED else None
    form = ShopForm(initial=shop_initial(refused) if refused else None)
    return render(request, "vendor_portal/sell.html", {"form": form, "refused": refused, "own": own})


@login_required
def _apply(request: HttpRequest) -> HttpResponse:
    form = ShopForm(request.POST)
    if form.is_valid():
        try:
            apply_as_vendor(applicant=request.user, **form.cleaned_data)  # type: ignore[arg-type]
        except VendorError as error:
            form.add_error("name" if error.code == "shop_name_taken" else None, error.message)
        else:
            messages.success(request, _("Thank you. Your application is on our staff's list."))
            return redirect("sell")
    return render(request, "vendor_portal/sell.html", {"form": form}, status=422)


@require_GET
@login_required
def invitations(request: HttpRequest) -> HttpResponse:
    return render(
        request,
        "vendor_portal/invitations.html",
        {"invitations": list(invitations_for(user=request.user))},  # type: ignore[arg-type]
    )


@require_POST
@login_required
def accept(request: HttpRequest, pk: int) -> HttpResponse:
    # Someone else's invitation does not exist for this person.
    invitation = get_object_or_404(invitations_for(user=request.user), pk=pk)  # type: ignore[arg-type]
    try:
        accept_invitation(invitation=invitation, user=request.user)  # type: ignore[arg-type]
    except VendorError as error:
        messages.error(request, error.message)
        return redirect("portal:invitations")
    messages.success(request, _("Welcome to the team of %(vendor)s.") % {"vendor": invitation.vendor.name})
    return redirect("portal:dashboard", invitation.vendor.code)


@require_POST
@login_required
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    invitation: VendorInvitation = get_object_or_404(invitations_for(user=request.user), pk=pk)  # type: ignore[arg-type]
    try:
        decline_invitation(invitation=invitation, user=request.user)  # type: ignore[arg-type]
    except VendorError as error:
        messages.error(request, error.message)
    else:
        messages.info(request, _("You declined the invitation."))
    return redirect("portal:invitations")


@require_GET
@vendor_permission_required(VendorPermission.PORTAL_ACCESS, shows_state=True)
def dashboard(request: VendorRequest) -> HttpResponse:
    """What waits for this vendor's people, as far as each may see it."""
    return portal_page(
        request,
        "vendor_portal/dashboard.html",
        {"overview": overview_of(vendor=request.vendor, rights=request.rights)},
    )
