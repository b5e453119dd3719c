"""How a vendor comes into the shop, and how the marketplace's staff decide about it."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from forked_apps.partner.indexing import product_messages
from forked_apps.partner.models import Partner, VendorStatus
from marketplace.outbox.services import enqueue, enqueue_many
from marketplace.users.models import User
from vendor_portal.errors import ApplicationWaiting, IllegalDecision, OwnVendor, ReasonMissing, ShopNameTaken
from vendor_portal.models import VendorDecision, VendorMember
from vendor_portal.seeds import OWNER
from vendor_portal.services.members import add_member
from vendor_portal.services.roles import seed_vendor_roles

#: First words under /portal/ that are pages, not vendors.
RESERVED_CODES = frozenset({"invitations", "new"})


@transaction.atomic
def apply_as_vendor(*, applicant: User, name: str, governorate: str, phone: str, about: str = "") -> Partner:
    """Open a vendor that waits for approval, with the applicant as its owner.

    ``phone`` is E.164. Who was refused applies again with the same vendor.

    Raises:
        ApplicationWaiting: this person's application has not been decided yet.
        ShopNameTaken: another vendor has this name.
    """
    # One application at a time, also when the form is sent twice.
    User.objects.select_for_update(no_key=True).get(pk=applicant.pk)
    own = Partner.objects.filter(members__user=applicant, members__is_active=True, members__roles__seed=OWNER)
    if own.filter(status=VendorStatus.APPLIED).exists():
        raise ApplicationWaiting
    vendor = own.filter(status=VendorStatus.REFUSED).order_by("pk").first()
    name = " ".join(name.split())
    others = Partner.objects.filter(name__iexact=name)
    if others.exclude(pk=vendor.pk if vendor else None).exists():  # type: ignore[misc]
        raise ShopNameTaken
    if vendor is None:
        vendor = Partner(code=_free_code(name))
    vendor.name, vendor.governorate, vendor.phone, vendor.about = name, governorate, phone, about
    vendor.status, vendor.applied_at = VendorStatus.APPLIED, timezone.now()
    vendor.decided_at, vendor.decided_by, vendor.decision_reason = None, None, ""
    vendor.save()
    roles = seed_vendor_roles(vendor)
    add_member(vendor=vendor, user=applicant, roles=[roles[OWNER]], actor=None)
    return vendor


def approve_vendor(*, vendor: Partner, actor: User, reason: str = "") -> Partner:
    """Let an applicant sell.

    Raises:
        IllegalDecision: it does not wait for a decision.
        OwnVendor: the actor works for it.
    """
    return _decide(
        vendor=vendor, actor=actor, reason=reason, given=VendorStatus.APPLIED, decision=VendorStatus.APPROVED
    )


def refuse_vendor(*, vendor: Partner, actor: User, reason: str) -> Partner:
    """Refuse an applicant, who reads the reason and may apply again.

    Raises:
        IllegalDecision, OwnVendor: as for approving.
        ReasonMissing: no reason.
    """
    return _decide(
        vendor=vendor,
        actor=actor,
        reason=reason,
        given=VendorStatus.APPLIED,
        decision=VendorStatus.REFUSED,
        needs_reason=True,
    )


def suspend_vendor(*, vendor: Partner, actor: User, reason: str) -> Partner:
    """Stop a vendor's sales at once; its portal becomes read-only, but for problems and returns.

    Raises:
        IllegalDecision: it is not selling.
        OwnVendor, ReasonMissing: as for refusing.
    """
    return _decide(
        vendor=vendor,
        actor=actor,
        reason=reason,
        given=VendorStatus.APPROVED,
        decision=VendorStatus.SUSPENDED,
        needs_reason=True,
    )


def reinstate_vendor(*, vendor: Partner, actor: User, reason: str = "") -> Partner:
    """Let a suspended vendor sell again.

    Raises:
        IllegalDecision: it is not suspended.
        OwnVendor: the actor works for it.
    """
    return _decide(
        vendor=vendor,
        actor=actor,
        reason=reason,
        given=VendorStatus.SUSPENDED,
        decision=VendorStatus.APPROVED,
    )


@transaction.atomic
def _decide(
    *,
    vendor: Partner,
    actor: User,
    reason: str,
    given: VendorStatus,
    decision: VendorStatus,
    needs_reason: bool = False,
) -> Partner:
    reason = reason.strip()[:500]
    if needs_reason and not reason:
        raise ReasonMissing
    if VendorMember.objects.filter(vendor=vendor, user=actor, is_active=True).exists():
        raise OwnVendor
    vendor = Partner.objects.select_for_update(no_key=True).get(pk=vendor.pk)
    if vendor.status != given:
        raise IllegalDecision(status=vendor.status)
    vendor.status, vendor.decided_at, vendor.decided_by = decision, timezone.now(), actor
    vendor.decision_reason = reason
    vendor.save(update_fields=["status", "decided_at", "decided_by", "decision_reason"])
    VendorDecision.objects.create(vendor=vendor, decision=decision, actor=actor, reason=reason)
    owner = (
        VendorMember.objects.filter(vendor=vendor, is_active=True, roles__seed=OWNER).order_by("pk").first()
    )
    enqueue(
        topic="vendor.decided", payload={"vendor_id": vendor.pk, "user_id": owner.user_id if owner else None}
    )
    # Its products leave the search, or come back, with the decision.
    enqueue_many(product_messages(vendor))
    return vendor


def _free_code(name: str) -> str:
    code = slugify(name)[:60]
    if not code or code in RESERVED_CODES or Partner.objects.filter(code=code).exists():
        code = f"{code or 'shop'}-{uuid.uuid4().hex[:6]}"
    return code
