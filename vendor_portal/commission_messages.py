"""Vendors hear of new commission rules: what was, what is now, and since when.

Thousands may have to: a message takes some of them, and asks for the next.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sites.models import Site
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _, ngettext

from forked_apps.partner.commission_changes import CHANGED_TOPIC
from forked_apps.partner.commission_differences import Difference, RuleTerms, differences_for
from forked_apps.partner.commission_models import CommissionRule, CommissionRuleSet
from forked_apps.partner.models import Partner, VendorStatus
from forked_apps.partner.permissions import VendorPermission
from marketplace.formats import format_datetime
from marketplace.notifications.kinds import Words, kind
from marketplace.notifications.services import notify
from marketplace.outbox.registry import handles
from marketplace.outbox.services import enqueue
from marketplace.users.models import User
from vendor_portal.commission import BETWEEN, conditions_of, terms_text
from vendor_portal.selectors import people_with

#: Vendors of one message of the outbox.
AT_ONCE = 200
#: A text message has to stay short; the page says all.
MOST_TOLD = 3
#: ``2026-07-04T10:00:00+03:00``: facts are JSON.
IsoMoment = str
#: Of some goods each: which, their terms before, and now.
Changes = Sequence[Sequence[str]]
#: As Django names a site that nobody has named.
DJANGOS_DOMAIN = "example.com"


@kind("commission.changed")
def commission_changed(*, vendor: str, since: IsoMoment, changes: Changes, more: int, url: str = "") -> Words:
    """``changes``: goods, terms before and now, in the reader's language; ``more`` are not among them."""
    facts = {"vendor": vendor, "time": format_datetime(datetime.fromisoformat(since)), "url": url}
    lines = [
        _("%(goods)s: %(before)s until now, %(after)s from now on.")
        % {"goods": goods, "before": before, "after": after}
        for goods, before, after in changes
    ]
    if more:
        lines.append(
            ngettext("And %(number)s more change.", "And %(number)s more changes.", more) % {"number": more}
        )
    head = _("Nuqta: the commission of %(vendor)s changes for orders placed since %(time)s.") % facts
    tail = (_("All rules: %(url)s") if url else _("Your portal shows all rules under Money.")) % facts
    return Words(
        subject=_("The commission of %(vendor)s changes") % facts, text="\n".join([head, *lines, tail])
    )


# Who is told --------------------------------------------------------------------------------
@handles(CHANGED_TOPIC)
def tell_of_rules(payload: dict[str, Any]) -> None:
    """``version`` of the rules that came, and the vendor ``after`` whom it goes on; twice does no harm."""
    since = CommissionRuleSet.objects.get(version=payload["version"])
    before, after = (_rules(version) for version in (since.version - 1, since.version))
    vendors = list(
        Partner.objects.filter(
            pk__gt=payload.get("after", 0), status__in=[VendorStatus.APPROVED, VendorStatus.SUSPENDED]
        ).order_by("pk")[:AT_ONCE]
    )
    changed = {vendor: found for vendor in vendors if (found := _differences(vendor, before, after))}
    people = people_with(VendorPermission.MONEY_VIEW, vendor_ids=[vendor.pk for vendor in changed])
    for vendor, differences in changed.items():
        _tell(vendor, people.get(vendor.pk, []), differences, since=since)
    if len(vendors) == AT_ONCE:
        enqueue(topic=CHANGED_TOPIC, payload={"version": since.version, "after": vendors[-1].pk})


def _rules(version: int) -> list[CommissionRule]:
    rules = CommissionRule.objects.filter(rule_set__version=version)
    return list(rules.select_related("vendor", "category", "brand").order_by("position"))


def _differences(
    vendor: Partner, before: Sequence[CommissionRule], after: Sequence[CommissionRule]
) -> list[Difference]:
    return differences_for(
        vendor_id=vendor.pk,
        agreed_basis_points=vendor.commission_basis_points,
        before=before,
        after=after,
    )


def _tell(
    vendor: Partner, people: Iterable[User], differences: Sequence[Difference], *, since: CommissionRuleSet
) -> None:
    """Whoever sees its money; the shop's phone where nobody does."""
    about = f"commission.changed:{since.version}:{vendor.pk}"
    told = False
    for person in people:
        with translation.override(person.language):
            facts = _facts(vendor, differences, since=since)
        notify(kind="commission.changed", about=about, user=person, facts=facts)
        told = True
    if not told and vendor.phone:
        with translation.override(settings.LANGUAGE_CODE):
            facts = _facts(vendor, differences, since=since)
        notify(kind="commission.changed", about=about, phone=vendor.phone, facts=facts)


def _facts(vendor: Partner, differences: Sequence[Difference], *, since: CommissionRuleSet) -> dict[str, Any]:
    return {
        "vendor": vendor.name,
        "since": since.created_at.isoformat(),
        "changes": [[_goods(one), _terms(one.before), _terms(one.after)] for one in differences[:MOST_TOLD]],
        "more": max(0, len(differences) - MOST_TOLD),
        "url": _page(vendor),
    }


def _goods(one: Difference) -> str:
    if one.goods is None:
        return _("Delivery charges")
    # Its vendor is who reads this.
    conditions = conditions_of(one.goods)
    return BETWEEN.join(conditions[1:] or [_("All goods")] if one.goods.vendor else conditions)


def _terms(terms: RuleTerms) -> str:
    return terms_text(
        basis_points=terms.basis_points,
        fixed_points=terms.fixed_points,
        floor_points=terms.floor_points,
        cap_points=terms.cap_points,
    )


def _page(vendor: Partner) -> str:
    """The portal's page that lists the rules; nothing where the site's address was never set."""
    domain = Site.objects.get_current().domain
    if domain == DJANGOS_DOMAIN:
        return ""
    scheme = "https" if settings.SECURE_SSL_REDIRECT else "http"
    return f"{scheme}://{domain}{reverse('portal:money', args=[vendor.code])}#commission"
