"""Who works for a vendor: inviting, joining, changing roles, leaving. Each change is recorded."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from forked_apps.partner.models import Partner
from forked_apps.partner.permissions import VendorPermission
from marketplace.outbox.services import enqueue
from marketplace.roles.errors import LastHolder, NotHeld
from marketplace.roles.models import RoleChange
from marketplace.roles.services.audit import record_change
from marketplace.users.models import User
from vendor_portal.errors import AlreadyMember, InvitationNotYours, InvitationOver
from vendor_portal.models import VendorInvitation, VendorMember, VendorRole
from vendor_portal.seeds import OWNER
from vendor_portal.selectors import rights_of_roles, verified_emails
from vendor_portal.services.roles import require_held, scope_of

INVITATION_DAYS = 7


@transaction.atomic
def add_member(
    *, vendor: Partner, user: User, roles: Collection[VendorRole], actor: User | None
) -> VendorMember:
    """Put a person into a vendor's team with these roles, besides those that they have there.

    Called when someone applies or accepts; people are otherwise invited.

    Raises:
        NotHeld: the actor lacks some right of the roles.
    """
    require_held(actor=actor, vendor=vendor, rights=_rights_of(roles))
    member, created = VendorMember.objects.select_for_update(no_key=True).get_or_create(
        vendor=vendor, user=user
    )
    if created or not member.is_active:
        member.is_active = True
        member.joined_at = timezone.now()
        member.save(update_fields=["is_active", "joined_at"])
        _record(vendor, RoleChange.Action.JOINED, actor=actor or user, person=user)
    _give(member=member, roles=roles, actor=actor)
    return member


@transaction.atomic
def invite_member(
    *, vendor: Partner, role: VendorRole, actor: User, phone: str = "", email: str = ""
) -> VendorInvitation:
    """Invite whoever has this phone (E.164) or e-mail into a role; a new invitation replaces an open one.

    Raises:
        NotHeld: the actor lacks some right of the role.
        AlreadyMember: the person has that role here.
    """
    _require_own_role(vendor=vendor, roles=[role])
    require_held(actor=actor, vendor=vendor, rights=_rights_of([role]))
    email = email.strip().lower()
    # The vendor's row keeps two invitations of one person from being written at once.
    Partner.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    whom = {"phone": phone} if phone else {"email__iexact": email}
    if VendorMember.objects.filter(
        vendor=vendor, is_active=True, roles=role, user__in=User.objects.filter(**whom)
    ).exists():
        raise AlreadyMember
    VendorInvitation.objects.filter(
        vendor=vendor, phone=phone, email=email, accepted_at=None, closed_at=None
    ).update(closed_at=timezone.now())
    invitation = VendorInvitation.objects.create(
        vendor=vendor,
        role=role,
        phone=phone,
        email=email,
        invited_by=actor,
        expires_at=timezone.now() + timedelta(days=INVITATION_DAYS),
    )
    _record(vendor, RoleChange.Action.INVITED, actor=actor, role=role)
    enqueue(topic="vendor.invited", payload={"invitation_id": invitation.pk})
    return invitation


@transaction.atomic
def accept_invitation(*, invitation: VendorInvitation, user: User) -> VendorMember:
    """Join the team. Having verified the invited phone or e-mail is what proves who it is.

    Raises:
        InvitationNotYours: it went to a phone or e-mail that this person has not verified.
        InvitationOver: it expired or was used, or who invited may not give this role any more.
    """
    invitation = _lock_open_invitation(invitation=invitation, user=user)
    vendor, role = invitation.vendor, invitation.role
    try:
        require_held(actor=invitation.invited_by, vendor=vendor, rights=_rights_of([role]))
    except NotHeld as error:
        raise InvitationOver from error
    invitation.accepted_at = timezone.now()
    invitation.accepted_by = user
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    return add_member(vendor=vendor, user=user, roles=[role], actor=invitation.invited_by)


@transaction.atomic
def decline_invitation(*, invitation: VendorInvitation, user: User) -> None:
    """Raises:
    InvitationNotYours, InvitationOver: as when accepting.
    """
    invitation = _lock_open_invitation(invitation=invitation, user=user)
    invitation.closed_at = timezone.now()
    invitation.save(update_fields=["closed_at"])


@transaction.atomic
def withdraw_invitation(*, invitation: VendorInvitation, actor: User) -> None:
    """Raises:
    NotHeld: the actor may not manage members.
    """
    require_held(actor=actor, vendor=invitation.vendor, rights=())
    VendorInvitation.objects.filter(pk=invitation.pk, accepted_at=None, closed_at=None).update(
        closed_at=timezone.now()
    )


@transaction.atomic
def change_roles(*, member: VendorMember, roles: Collection[VendorRole], actor: User | None) -> VendorMember:
    """Let a member have exactly these roles, from their next request on.

    Raises:
        NotHeld: the actor lacks some right of a role that is given or taken.
        LastHolder: nobody else is owner.
    """
    vendor = member.vendor
    _require_own_role(vendor=vendor, roles=roles)
    owner = _lock_owner_role(vendor)
    before, after = set(member.roles.all()), set(roles)
    require_held(actor=actor, vendor=vendor, rights=_rights_of(before ^ after))
    if owner in before - after:
        _require_other_owner(vendor=vendor, owner=owner, member=member)
    _take(member=member, roles=before - after, actor=actor)
    _give(member=member, roles=after - before, actor=actor)
    return member


@transaction.atomic
def remove_member(*, member: VendorMember, actor: User | None) -> None:
    """Take a person out of the team, with all roles; people may also leave by themselves.

    Raises:
        NotHeld: the actor lacks some right of the member's roles.
        LastHolder: nobody else is owner.
    """
    vendor = member.vendor
    owner = _lock_owner_role(vendor)
    roles = set(member.roles.all())
    if actor is None or actor.pk != member.user_id:
        require_held(actor=actor, vendor=vendor, rights=_rights_of(roles))
    if owner in roles:
        _require_other_owner(vendor=vendor, owner=owner, member=member)
    _take(member=member, roles=roles, actor=actor)
    VendorMember.objects.filter(pk=member.pk).update(is_active=False)
    _record(vendor, RoleChange.Action.REMOVED, actor=actor, person=member.user)


def _lock_open_invitation(*, invitation: VendorInvitation, user: User) -> VendorInvitation:
    invitation = (
        VendorInvitation.objects.select_for_update(no_key=True, of=("self",))
        .select_related("vendor", "role", "invited_by")
        .get(pk=invitation.pk)
    )
    by_phone = bool(invitation.phone) and user.phone_verified and user.phone == invitation.phone
    by_email = bool(invitation.email) and invitation.email.lower() in verified_emails(user=user)
    if not (by_phone or by_email):
        raise InvitationNotYours
    if invitation.accepted_at or invitation.closed_at or invitation.expires_at <= timezone.now():
        raise InvitationOver
    return invitation


def _lock_owner_role(vendor: Partner) -> VendorRole:
    """Locked before owners are counted: two owners cannot remove each other at once."""
    return VendorRole.objects.select_for_update(no_key=True).get(vendor=vendor, seed=OWNER)


def _require_other_owner(*, vendor: Partner, owner: VendorRole, member: VendorMember) -> None:
    others = VendorMember.objects.filter(vendor=vendor, is_active=True, user__is_active=True, roles=owner)
    if not others.exclude(pk=member.pk).exists():
        raise LastHolder(owner.name)


def _require_own_role(*, vendor: Partner, roles: Iterable[VendorRole]) -> None:
    for role in roles:
        if role.vendor_id != vendor.pk:
            raise VendorRole.DoesNotExist


def _rights_of(roles: Iterable[VendorRole]) -> set[VendorPermission]:
    return {right for rights in rights_of_roles(roles).values() for right in rights}


def _give(*, member: VendorMember, roles: Collection[VendorRole], actor: User | None) -> None:
    new = [role for role in roles if role not in set(member.roles.all())]
    member.roles.add(*new)
    # Guardian asks the person's groups.
    member.user.groups.add(*[role.group_id for role in new])
    for role in new:
        _record(member.vendor, RoleChange.Action.GIVEN, actor=actor, person=member.user, role=role)


def _take(*, member: VendorMember, roles: Collection[VendorRole], actor: User | None) -> None:
    member.roles.remove(*roles)
    member.user.groups.remove(*[role.group_id for role in roles])
    for role in roles:
        _record(member.vendor, RoleChange.Action.TAKEN, actor=actor, person=member.user, role=role)


def _record(
    vendor: Partner,
    action: RoleChange.Action,
    *,
    actor: User | None,
    person: User | None = None,
    role: VendorRole | None = None,
) -> None:
    record_change(
        scope=scope_of(vendor),
        action=action,
        actor=actor,
        person=person,
        role_slug=(role.seed or str(role.pk)) if role else "",
        role_name=role.own_name if role else "",
    )
