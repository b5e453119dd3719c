"""Who works for the vendor, and what each may do."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from forked_apps.partner.permissions import VendorPermission
from marketplace.roles.errors import RolesError
from marketplace.users.fields import is_phone
from vendor_portal.access import VendorRequest, portal_page, vendor_permission_required
from vendor_portal.errors import VendorError
from vendor_portal.forms import InviteForm, MemberRolesForm, VendorRoleForm
from vendor_portal.models import VendorMember, VendorRole
from vendor_portal.seeds import OWNER
from vendor_portal.selectors import members_of, open_invitations, rights_of_roles, roles_of
from vendor_portal.services.members import change_roles, invite_member, remove_member, withdraw_invitation
from vendor_portal.services.roles import create_role, delete_role, edit_role

may_manage = vendor_permission_required(VendorPermission.MEMBERS_MANAGE)


@require_GET
@may_manage
def team(request: VendorRequest) -> HttpResponse:
    roles = list(roles_of(vendor=request.vendor))
    rights = rights_of_roles(roles)
    return portal_page(
        request,
        "vendor_portal/team.html",
        {
            "members": list(members_of(vendor=request.vendor)),
            "invitations": list(open_invitations().filter(vendor=request.vendor)),
            "roles": [
                {
                    "role": role,
                    "rights": [right.label for right in VendorPermission if right in rights[role.pk]],
                    "is_owner": role.seed == OWNER,
                }
                for role in roles
            ],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def invite(request: VendorRequest) -> HttpResponse:
    form = InviteForm(request.POST if request.method == "POST" else None, roles=_givable_roles(request))
    if form.is_valid():
        contact, role = form.cleaned_data["contact"], form.cleaned_data["role"]
        whom = {"phone": contact} if is_phone(contact) else {"email": contact}
        try:
            invite_member(vendor=request.vendor, role=role, actor=request.user, **whom)
        except (VendorError, RolesError) as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, _("The invitation is on its way."))
            return redirect("portal:team", request.vendor.code)
    return _form_page(request, "vendor_portal/team_invite.html", form)


@require_POST
@may_manage
def withdraw(request: VendorRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(open_invitations().filter(vendor=request.vendor), pk=pk)
    withdraw_invitation(invitation=invitation, actor=request.user)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("portal:team", request.vendor.code)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def member(request: VendorRequest, pk: int) -> HttpResponse:
    """The roles of one person."""
    person = _own_member(request, pk)
    form = MemberRolesForm(
        request.POST if request.method == "POST" else None,
        vendor=request.vendor,
        initial={"roles": [role.pk for role in person.roles.all()]},
    )
    if form.is_valid():
        try:
            change_roles(member=person, roles=list(form.cleaned_data["roles"]), actor=request.user)
        except RolesError as error:
            form.add_error("roles", error.message)
        else:
            messages.success(request, _("The roles are changed, from the next click on."))
            return redirect("portal:team", request.vendor.code)
    return _form_page(request, "vendor_portal/team_member.html", form, member=person)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def remove(request: VendorRequest, pk: int) -> HttpResponse:
    person = _own_member(request, pk)
    if request.method == "POST":
        try:
            remove_member(member=person, actor=request.user)
        except RolesError as error:
            messages.error(request, error.message)
        else:
            messages.success(
                request, _("%(person)s is no longer in the team.") % {"person": person.user.display_name}
            )
        return redirect("portal:team", request.vendor.code)
    return portal_page(
        request,
        "vendor_portal/confirm.html",
        {
            "title": _("Remove %(person)s from the team?") % {"person": person.user.display_name},
            "text": _("Every right in this shop is gone at once. The person may be invited again."),
            "action": request.path,
            "submit": _("Remove"),
            "danger": True,
            "cancel_url": reverse("portal:team", args=[request.vendor.code]),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def new_role(request: VendorRequest) -> HttpResponse:
    form = VendorRoleForm(request.POST if request.method == "POST" else None, offered=request.rights)
    if form.is_valid():
        try:
            create_role(
                vendor=request.vendor,
                name=form.cleaned_data["name"],
                permissions=form.rights,
                actor=request.user,
            )
        except RolesError as error:
            form.add_error("name" if error.code == "name_taken" else "permissions", error.message)
        else:
            messages.success(request, _("The role is ready. Invite people into it."))
            return redirect("portal:team", request.vendor.code)
    return _form_page(request, "vendor_portal/team_role.html", form, role=None)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def role(request: VendorRequest, pk: int) -> HttpResponse:
    own = _own_role(request, pk)
    held = rights_of_roles([own])[own.pk]
    form = VendorRoleForm(
        request.POST if request.method == "POST" else None,
        offered=VendorPermission,
        initial={"name": own.name, "permissions": [right.value for right in held]},
    )
    if own.seed == OWNER:
        # An owner holds every right, so there is nothing to choose.
        del form.fields["permissions"]
    if form.is_valid():
        rights = held if own.seed == OWNER else form.rights
        try:
            edit_role(role=own, name=form.cleaned_data["name"], permissions=rights, actor=request.user)
        except RolesError as error:
            form.add_error(
                "name" if own.seed == OWNER or error.code == "name_taken" else "permissions", error.message
            )
        else:
            messages.success(request, _("The role is changed, for everyone who has it."))
            return redirect("portal:team", request.vendor.code)
    return _form_page(request, "vendor_portal/team_role.html", form, role=own, is_owner=own.seed == OWNER)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def remove_role(request: VendorRequest, pk: int) -> HttpResponse:
    own = _own_role(request, pk)
    if request.method == "POST":
        try:
            delete_role(role=own, actor=request.user)
        except RolesError as error:
            messages.error(request, error.message)
        else:
            messages.success(request, _("The role is deleted."))
        return redirect("portal:team", request.vendor.code)
    return portal_page(
        request,
        "vendor_portal/confirm.html",
        {
            "title": _("Delete the role “%(role)s”?") % {"role": own.name},
            "text": _("Whoever has it loses what it gave, at once. They stay in the team."),
            "action": request.path,
            "submit": _("Delete"),
            "danger": True,
            "cancel_url": reverse("portal:team", args=[request.vendor.code]),
        },
    )


def _own_member(request: VendorRequest, pk: int) -> VendorMember:
    return get_object_or_404(members_of(vendor=request.vendor), pk=pk)


def _own_role(request: VendorRequest, pk: int) -> VendorRole:
    return get_object_or_404(roles_of(vendor=request.vendor), pk=pk)


def _givable_roles(request: VendorRequest) -> list[VendorRole]:
    """Roles of which the person holds every right."""
    roles = list(roles_of(vendor=request.vendor))
    rights = rights_of_roles(roles)
    return [one for one in roles if rights[one.pk] <= request.rights]


def _form_page(request: VendorRequest, template: str, form: object, **context: object) -> HttpResponse:
    is_bound = bool(getattr(form, "is_bound", False))
    return portal_page(request, template, {"form": form, **context}, status=422 if is_bound else 200)
