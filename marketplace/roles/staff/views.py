"""Staff pages of the platform itself: what waits, roles, people."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from marketplace.roles.errors import RolesError
from marketplace.roles.models import Role
from marketplace.roles.seeds import ADMIN, CUSTOMER
from marketplace.roles.selectors import (
    FEWEST_CHARACTERS,
    all_roles,
    changes_about,
    changes_of,
    find_people,
    givable_roles,
    holders_of,
    person_by_contact,
    roles_of,
)
from marketplace.roles.services import create_role, delete_role, edit_role, give_role, take_role
from marketplace.roles.services.rights import rights_held_by
from marketplace.roles.staff.forms import (
    FindPersonForm,
    GiveByContactForm,
    GiveRoleForm,
    ReasonForm,
    RoleForm,
)
from marketplace.users.models import User
from marketplace.users.navigation import person_facts_for, staff_counters_for
from marketplace.users.permissions import PlatformPermission, platform_permission_required

PER_PAGE = 25
may_manage_roles = platform_permission_required(PlatformPermission.ROLES_MANAGE)
may_view_people = platform_permission_required(PlatformPermission.CUSTOMERS_VIEW)


@require_GET
@platform_permission_required(PlatformPermission.STAFF_ACCESS)
def index(request: HttpRequest) -> HttpResponse:
    """What waits, as far as this person may do something about it."""
    tiles = []
    for counter in staff_counters_for(request.user):  # type: ignore[arg-type]
        try:
            url = reverse(counter.url_name) + counter.query
        except NoReverseMatch:
            continue
        number = counter.number_for(request.user)  # type: ignore[arg-type]
        tiles.append(
            {"counter": counter, "number": number, "url": url, "is_waiting": counter.is_waiting and number}
        )
    return render(request, "staff/index/index.html", {"tiles": tiles})


# Roles ------------------------------------------------------------------------------------
@require_GET
@may_manage_roles
def roles(request: HttpRequest) -> HttpResponse:
    rows = [
        {"role": role, "rights": [right.label for right in PlatformPermission if right in role.permissions]}
        for role in all_roles()
    ]
    return render(request, "staff/roles/roles.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage_roles
def new_role(request: HttpRequest) -> HttpResponse:
    form = RoleForm(
        request.POST if request.method == "POST" else None, offered=rights_held_by(_actor(request))
    )
    if form.is_valid():
        data = form.cleaned_data
        try:
            role = create_role(
                name=data["name"],
                description=data["description"],
                permissions=form.rights,
                actor=_actor(request),
                reason=data["reason"],
            )
        except RolesError as error:
            form.add_error("name" if error.code == "name_taken" else "permissions", error.message)
        else:
            messages.success(request, _("The role is ready. Give it to someone."))
            return redirect("staff:role", role.slug)
    return render(request, "staff/roles/form.html", {"form": form}, status=_status(form))


@require_GET
@may_manage_roles
def role(request: HttpRequest, slug: str) -> HttpResponse:
    """One role: its rights, its people, who changed what."""
    return _role_page(request, _role(slug), GiveByContactForm())


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage_roles
def change_role(request: HttpRequest, slug: str) -> HttpResponse:
    own = _role(slug)
    held = own.permissions
    form = RoleForm(
        request.POST if request.method == "POST" else None,
        offered=PlatformPermission,
        initial={
            "name": own.name,
            "description": own.description,
            "permissions": [right.value for right in held],
        },
    )
    if own.slug == ADMIN:
        # Admin holds every right, so there is nothing to choose.
        del form.fields["permissions"]
    if form.is_valid():
        data = form.cleaned_data
        try:
            edit_role(
                role=own,
                name=data["name"],
                description=data["description"],
                permissions=held if own.slug == ADMIN else form.rights,
                actor=_actor(request),
                reason=data["reason"],
            )
        except RolesError as error:
            beside = "name" if error.code == "name_taken" or own.slug == ADMIN else "permissions"
            form.add_error(beside, error.message)
        else:
            messages.success(request, _("The role is changed, for everyone who has it."))
            return redirect("staff:role", own.slug)
    return render(request, "staff/roles/form.html", {"form": form, "role": own}, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage_roles
def remove_role(request: HttpRequest, slug: str) -> HttpResponse:
    own = _role(slug)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            delete_role(role=own, actor=_actor(request), reason=form.cleaned_data["reason"])
        except RolesError as error:
            messages.error(request, error.message)
            return redirect("staff:role", own.slug)
        messages.success(request, _("The role is deleted."))
        return redirect("staff:roles")
    context = {
        "form": form,
        "title": _("Delete the role “%(role)s”?") % {"role": own.name},
        "text": _("Whoever has it loses what it gave, at once."),
        "submit": _("Delete"),
        "danger": True,
        "cancel_url": reverse("staff:role", args=[own.slug]),
    }
    return render(request, "staff/confirm.html", context, status=_status(form))


@require_POST
@may_manage_roles
def give(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the role to whoever has this phone or e-mail."""
    own = _role(slug)
    form = GiveByContactForm(request.POST)
    if form.is_valid():
        person = person_by_contact(contact=form.cleaned_data["contact"])
        if person is None:
            form.add_error("contact", _("Nobody has signed up with this number or address."))
        else:
            try:
                is_new = give_role(
                    role=own, person=person, actor=_actor(request), reason=form.cleaned_data["reason"]
                )
            except RolesError as error:
                form.add_error(None, error.message)
            else:
                _say_given(request, own, person, is_new=is_new)
                return redirect("staff:role", own.slug)
    return _role_page(request, own, form, status=422)


# People -----------------------------------------------------------------------------------
@require_GET
@may_view_people
def people(request: HttpRequest) -> HttpResponse:
    """Find a person; nobody is listed without a search."""
    form = FindPersonForm(request.GET)
    form.is_valid()
    words = form.cleaned_data.get("q", "").strip()
    page = Paginator(find_people(words=words), PER_PAGE).get_page(request.GET.get("page")) if words else None
    return render(
        request,
        "staff/people/people.html",
        {"form": form, "words": words, "page_obj": page, "is_too_short": 0 < len(words) < FEWEST_CHARACTERS},
    )


@require_GET
@may_view_people
def person(request: HttpRequest, pk: int) -> HttpResponse:
    return _person_page(request, get_object_or_404(User, pk=pk))


@require_POST
@may_manage_roles
def give_to_person(request: HttpRequest, pk: int) -> HttpResponse:
    someone = get_object_or_404(User, pk=pk, is_active=True)
    _require_view_of_people(request)
    form = GiveRoleForm(request.POST, roles=givable_roles(actor=_actor(request)))
    if not form.is_valid():
        return _person_page(request, someone, form=form, status=422)
    own = form.cleaned_data["role"]
    try:
        is_new = give_role(
            role=own, person=someone, actor=_actor(request), reason=form.cleaned_data["reason"]
        )
    except RolesError as error:
        messages.error(request, error.message)
    else:
        _say_given(request, own, someone, is_new=is_new)
    return redirect("staff:person", someone.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage_roles
def take_from_person(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    someone, own = get_object_or_404(User, pk=pk), _role(slug)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            take_role(role=own, person=someone, actor=_actor(request), reason=form.cleaned_data["reason"])
        except RolesError as error:
            messages.error(request, error.message)
        else:
            messages.success(
                request,
                _("%(person)s no longer has the role “%(role)s”.")
                % {"person": someone.display_name, "role": own.name},
            )
        return redirect("staff:role", own.slug)
    context = {
        "form": form,
        "title": _("Take the role “%(role)s” from %(person)s?")
        % {"role": own.name, "person": someone.display_name},
        "text": _("What it allows is gone at the next click."),
        "submit": _("Take the role"),
        "danger": True,
        "cancel_url": reverse("staff:role", args=[own.slug]),
    }
    return render(request, "staff/confirm.html", context, status=_status(form))


# Parts ------------------------------------------------------------------------------------
def _actor(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # the decorators let nobody else in
    return request.user


def _role(slug: str) -> Role:
    return get_object_or_404(all_roles(), slug=slug)


def _status(form: ReasonForm | RoleForm) -> int:
    return 422 if form.is_bound else 200


def _require_view_of_people(request: HttpRequest) -> None:
    if not request.user.has_perm(PlatformPermission.CUSTOMERS_VIEW.full_name):
        raise PermissionDenied


def _say_given(request: HttpRequest, own: Role, someone: User, *, is_new: bool) -> None:
    facts = {"person": someone.display_name, "role": own.name}
    if is_new:
        messages.success(request, _("%(person)s has the role “%(role)s” now.") % facts)
    else:
        messages.info(request, _("%(person)s had the role “%(role)s” already.") % facts)


def _role_page(
    request: HttpRequest, own: Role, form: GiveByContactForm, *, status: int = 200
) -> HttpResponse:
    page = Paginator(holders_of(role=own), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "role": own,
        "rights": [right.label for right in PlatformPermission if right in own.permissions],
        "page_obj": page,
        "form": form,
        "may_give": own.permissions <= rights_held_by(_actor(request)),
        "may_delete": own.slug not in {ADMIN, CUSTOMER},
        "changes": changes_of(role=own)[:20],
    }
    return render(request, "staff/roles/role.html", context, status=status)


def _person_page(
    request: HttpRequest, someone: User, *, form: GiveRoleForm | None = None, status: int = 200
) -> HttpResponse:
    own_roles = roles_of(person=someone)
    givable = givable_roles(actor=_actor(request))
    held = {one.pk for one in own_roles}
    offered = [one for one in givable if one.pk not in held]
    if form is None and offered and someone.is_active:
        form = GiveRoleForm(roles=offered)
    givable_ids = {one.pk for one in givable}
    context = {
        "person": someone,
        "roles": [{"role": one, "may_take": one.pk in givable_ids} for one in own_roles],
        "facts": [
            (fact.label, fact.read(someone), fact.url_of(someone))
            for fact in person_facts_for(request.user)  # type: ignore[arg-type]
        ],
        "form": form,
        "changes": changes_about(person=someone)[:20],
    }
    return render(request, "staff/people/person.html", context, status=status)
