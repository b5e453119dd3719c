"""Making a batch's codes, letting them out, and the printers whose keys they are encrypted to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from marketplace.users.models import User
from marketplace.users.permissions import PlatformPermission, platform_permission_required
from points_payment.errors import (
    ExportDamaged,
    NotAPublicKey,
    PointsError,
    PrinterExists,
    PrinterNeeded,
    PrinterNotUsable,
    SamePerson,
    SiteAddressUnknown,
    TooManyCards,
    WrongBatchState,
)
from points_payment.kinds import ProductionState
from points_payment.models import Batch, CardProduction, Printer
from points_payment.services.printers import add_printer, confirm_printer, retire_printer
from points_payment.services.production import release_production, start_production
from points_payment.staff.forms import EmptyForm
from points_payment.staff.production_forms import PrinterForm, ProductionForm, usable_printers

may_view = platform_permission_required(PlatformPermission.CARDS_VIEW)
may_issue = platform_permission_required(PlatformPermission.CARDS_ISSUE)
may_approve = platform_permission_required(PlatformPermission.CARDS_APPROVE)


def production_of(batch: Batch) -> CardProduction | None:
    """The one that stands, or the last one that failed."""
    productions: QuerySet[CardProduction] = batch.productions.select_related(
        "printer", "started_by", "released_by"
    )
    return productions.first()


@require_http_methods(["GET", "HEAD", "POST"])
@may_issue
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the codes made; they are seen when someone else releases them, and not before."""
    batch = get_object_or_404(Batch, pk=pk)
    form = ProductionForm(request.POST if request.method == "POST" else None, batch=batch)
    if form.is_valid():
        assert isinstance(request.user, User)
        try:
            start_production(batch=batch, actor=request.user, **form.cleaned_data)
        except PointsError as error:
            messages.error(request, explain(error))
        else:
            messages.success(request, _("The codes are being made. Someone else has to release the file."))
        return redirect("points_staff:batch", batch.pk)
    context = {
        "form": form,
        "batch": batch,
        "needs_printer": form.fields["printer"].required and not usable_printers().exists(),
    }
    return render(request, "staff/points/produce.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
@may_view
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """How far the making is, for a page that asks again and again; others see the batch's page."""
    batch = get_object_or_404(Batch, pk=pk)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect("points_staff:batch", batch.pk)
    production = production_of(batch)
    if production is None or not production.is_under_way:
        # What can be done with the batch has changed with it.
        return HttpResponseClientRefresh()
    return render(request, "staff/points/production_panel.html", {"batch": batch, "production": production})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@may_approve
def release(request: HttpRequest, pk: int) -> HttpResponse:
    """The file itself is the answer to this POST, once."""
    batch = get_object_or_404(Batch, pk=pk)
    production = production_of(batch)
    if request.method != "POST":
        starter_id = production.started_by_id if production else None
        if request.user.pk in {batch.drafted_by_id, starter_id}:
            raise PermissionDenied
        is_ready = production is not None and production.state == ProductionState.READY
        context = {"batch": batch, "production": production if is_ready else None}
        return render(request, "staff/points/release.html", context)
    assert isinstance(request.user, User)
    try:
        released = release_production(batch=batch, actor=request.user)
    except PointsError as error:
        messages.error(request, explain(error))
        return redirect("points_staff:batch", batch.pk)
    response = FileResponse(
        released.file,
        as_attachment=True,
        filename=released.file_name,
        content_type="application/octet-stream",
    )
    # Only the type differs: a decorated view is declared to answer with an HttpResponse.
    return cast("HttpResponse", response)


# Printers --------------------------------------------------------------------------------


@require_safe
@may_view
def printers(request: HttpRequest) -> HttpResponse:
    assert isinstance(request.user, User)
    context = {
        "printers": Printer.objects.select_related("added_by", "confirmed_by"),
        "may_add": request.user.has_perm(PlatformPermission.CARDS_APPROVE.full_name),
        "may_confirm": request.user.has_perm(PlatformPermission.CARDS_ISSUE.full_name),
    }
    return render(request, "staff/points/printers.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@may_approve
def printer_add(request: HttpRequest) -> HttpResponse:
    form = PrinterForm(request.POST or None)
    if form.is_valid():
        assert isinstance(request.user, User)
        try:
            add_printer(**form.cleaned_data, actor=request.user)
        except NotAPublicKey:
            form.add_error("public_key", _("This is no public key of age; one begins with age1."))
        except PrinterExists:
            form.add_error(None, _("A printer with this name or this key is there already."))
        else:
            messages.success(request, _("The printer is added. Someone else has to confirm the key."))
            return redirect("points_staff:printers")
    return render(
        request, "staff/points/printer_add.html", {"form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@may_issue
def printer_confirm(request: HttpRequest, printer_pk: int) -> HttpResponse:
    printer = get_object_or_404(Printer, pk=printer_pk)
    if printer.added_by_id == request.user.pk:
        raise PermissionDenied
    return _asked_and_done(
        request, printer, confirm_printer,
        title=_("Is this the printer's own key?"),
        text=_("Call the printer on a number that you know, and let them read the fingerprint: %(digits)s")
        % {"digits": f"\N{LEFT-TO-RIGHT ISOLATE}{printer.fingerprint}\N{POP DIRECTIONAL ISOLATE}"},
        submit=_("The fingerprint is the same"), done=_("The key is confirmed."),
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@may_approve
def printer_retire(request: HttpRequest, printer_pk: int) -> HttpResponse:
    return _asked_and_done(
        request, get_object_or_404(Printer, pk=printer_pk), retire_printer,
        title=_("Retire this printer's key?"),
        text=_("No file is encrypted to it any more. This cannot be undone; a new key is a new printer."),
        submit=_("Retire the key"), done=_("The key is retired."), danger=True,
    )  # fmt: skip


def _asked_and_done(
    request: HttpRequest,
    printer: Printer,
    service: Callable[..., Printer],
    *,
    title: str,
    text: str,
    submit: str,
    done: str,
    danger: bool = False,
) -> HttpResponse:
    if request.method == "POST":
        assert isinstance(request.user, User)
        try:
            service(printer=printer, actor=request.user)
        except PointsError as error:
            messages.error(request, explain(error))
        else:
            messages.success(request, done)
        return redirect("points_staff:printers")
    context: dict[str, Any] = {
        "form": EmptyForm(), "title": title, "about": printer.name, "text": text, "submit": submit,
        "danger": danger, "cancel_url": reverse("points_staff:printers"),
    }  # fmt: skip
    return render(request, "staff/confirm.html", context)


def explain(error: PointsError) -> str:
    """What people read of an error of the making of cards."""
    if isinstance(error, SamePerson):
        return _("Someone else has to do this than who drafted the batch, started it or added the key.")
    if isinstance(error, WrongBatchState):
        return _("The batch has changed meanwhile; this is not possible any more.")
    if isinstance(error, ExportDamaged):
        return _("The file is gone or damaged. Nobody can read the codes any more: void the batch.")
    if isinstance(error, PrinterNotUsable):
        return _("This printer's key is not confirmed, or is retired.")
    if isinstance(error, PrinterNeeded | TooManyCards):
        return _("So large a batch is made as a list, for a printer's key.")
    if isinstance(error, SiteAddressUnknown):
        return _("Say first in the administration, under Sites, at which address this shop is.")
    return _("This is not possible.")
