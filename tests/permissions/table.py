"""Who gets what at every address. A new address needs a row here: the test fails without one.

A cell is the status that a role gets. Several in one cell mean that either is fine for this table, whose
question is who may come in; what happens inside is for the package's own tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.permissions.world import ROLES

#: A redirect to the sign-in page, and nothing else.
LOGIN = "login"
Cell = int | str | tuple[int, ...]

#: The way is open: a page, or the answer to a form that was sent empty.
IN: Cell = (200, 302, 303, 422)
#: A page that may send people elsewhere, when there is nothing to show.
PAGE: Cell = (200, 302)


@dataclass(frozen=True, slots=True)
class Row:
    cells: Mapping[str, Cell]
    method: str = "get"
    data: Mapping[str, str] = field(default_factory=dict)


def row(
    *,
    anonymous: Cell,
    others: Cell,
    method: str = "get",
    data: Mapping[str, str] | None = None,
    **by_role: Cell,
) -> Row:
    unknown = set(by_role) - set(ROLES)
    assert not unknown, unknown
    cells = dict.fromkeys(ROLES, others) | {"anonymous": anonymous} | by_role
    return Row(cells, method, data or {})


def everyone(cell: Cell = 200, *, method: str = "get", data: Mapping[str, str] | None = None) -> Row:
    return row(anonymous=cell, others=cell, method=method, data=data)


def signed_in(cell: Cell = 200, *, method: str = "get") -> Row:
    return row(anonymous=LOGIN, others=cell, method=method)


def customers_own(cell: Cell = 200, *, method: str = "get") -> Row:
    """What belongs to the customer does not exist for anyone else, staff included."""
    return row(anonymous=LOGIN, others=404, customer=cell, method=method)


def portal(
    cell: Cell = 200, *, clerk: Cell = 403, method: str = "get", data: Mapping[str, str] | None = None
) -> Row:
    """The vendor's people; for all others, the marketplace's staff included, it does not exist.

    The clerk packs orders: sees them and ships them, and nothing else.
    """
    return row(anonymous=LOGIN, others=404, owner=cell, clerk=clerk, method=method, data=data)


def staff(*who: str, cell: Cell = 200, method: str = "get") -> Row:
    """These roles of the marketplace's staff; all others are refused."""
    return row(anonymous=LOGIN, others=403, method=method, **dict.fromkeys(who, cell))


def api(cell: Cell = 200, *, anonymous: Cell, method: str = "get", **by_role: Cell) -> Row:
    return row(anonymous=anonymous, others=cell, method=method, **by_role)


TABLE: dict[str, Row] = {
    # The shop ----------------------------------------------------------------------------
    "home": everyone(),
    "about": everyone(),
    "help": everyone(),
    "help_points": everyone(),
    "help_delivery": everyone(),
    "help_returns": everyone(),
    "privacy": everyone(),
    "terms": everyone(),
    "set_language": everyone((302, 204), method="post", data={"language": "en"}),
    "set_governorate": everyone(302, method="post", data={"governorate": "BA"}),
    "catalogue:index": everyone(PAGE),
    "catalogue:detail": everyone((200, 301)),
    "catalogue:category": everyone((200, 301)),
    "catalogue:range": everyone(404),
    "catalogue:reviews-list": everyone((200, 301, 302)),
    "catalogue:reviews-detail": everyone((200, 301, 302)),
    "catalogue:reviews-add": signed_in(PAGE),
    "catalogue:reviews-vote": signed_in(IN, method="post"),
    "search:search": everyone(),
    "search:suggest": everyone(),
    "search:click": everyone(204, method="post"),
    "search:similar": everyone(),
    "search:saved": signed_in(),
    "search:save": signed_in(400, method="post"),
    "search:forget": customers_own(302, method="post"),
    "offer:list": everyone((200, 404)),
    "offer:detail": everyone(404),
    "basket:summary": everyone(),
    "basket:add": everyone(IN, method="post"),
    "basket:line-update": row(
        anonymous=(302, 404), others=(302, 404), customer=IN, method="post", data={"quantity": "2"}
    ),
    "basket:line-remove": row(anonymous=(302, 404), others=(302, 404), customer=IN, method="post"),
    "basket:line-accept": row(anonymous=(302, 404), others=(302, 404), customer=IN, method="post"),
    "basket:line-swap": row(anonymous=(302, 404), others=(302, 404), customer=IN, method="post"),
    "basket:code-use": row(anonymous=(404, 422), others=(404, 422), customer=422, method="post"),
    "basket:code-drop": row(anonymous=(302, 404), others=(302, 404), customer=IN, method="post"),
    "basket:accept-changes": row(anonymous=(302, 404), others=(302, 404), customer=IN, method="post"),
    "checkout:index": signed_in(302),
    "checkout:shipping-address": signed_in(PAGE),
    "checkout:address-choose": row(anonymous=LOGIN, others=(302, 404), customer=302, method="post"),
    "checkout:preview": signed_in(PAGE),
    "checkout:place": signed_in(IN, method="post"),
    "checkout:thank-you": customers_own(),
    # The customer's account --------------------------------------------------------------
    "orders:list": signed_in(),
    "orders:detail": customers_own(),
    "orders:cancel-part": customers_own(302, method="post"),
    # Nothing of this order is with the buyer yet, and there is a return of another one.
    "orders:return-new": customers_own(302),
    "orders:return": customers_own(),
    "orders:return-withdraw": customers_own(302, method="post"),
    "orders:return-sent": customers_own(302, method="post"),
    "orders:return-message": customers_own(422, method="post"),
    "orders:return-photo": customers_own(),
    "orders:invoice": customers_own(),
    "orders:problems": signed_in(),
    # Nothing of this order is late or gone yet, and there is a problem with another one.
    "orders:problem-new": customers_own(302),
    "orders:problem": customers_own(),
    "orders:problem-message": customers_own(422, method="post"),
    "orders:problem-accept": customers_own(302),
    "orders:problem-arrived": customers_own(),
    "orders:problem-escalate": customers_own(302, method="post"),
    "orders:problem-appeal": customers_own(422, method="post"),
    "orders:problem-withdraw": customers_own(),
    "orders:problem-photo": customers_own(),
    "customer:summary": signed_in(PAGE),
    "customer:login": everyone(LOGIN),
    "customer:register": everyone((200, 301, 302)),
    "customer:logout": everyone((200, 301, 302, 405)),
    "customer:change-password": row(anonymous=(301, 302), others=(301, 302)),
    "customer:profile-view": signed_in(PAGE),
    "customer:order-list": signed_in(),
    "customer:order": customers_own(),
    "customer:address-list": signed_in(),
    "customer:address-create": signed_in(),
    "customer:address-detail": customers_own(),
    "customer:address-delete": customers_own(),
    "customer:address-make-default": customers_own(302, method="post"),
    "wallet:statement": signed_in(),
    "wallet:redeem": everyone(),
    "wallet:top-ups": signed_in(),
    "wallet:top-up-ask": signed_in(PAGE),
    "wallet:top-up-withdraw": customers_own(302, method="post"),
    "wallet:statement-csv": signed_in(),
    "wallet:statement-pdf": signed_in(),
    "wallet:movement": customers_own(),
    # The API -----------------------------------------------------------------------------
    "api-root": everyone(),
    "api-basket": everyone(),
    "api-basket-add-product": everyone((200, 400, 406), method="post"),
    "basket-lines-list": api((403, 404), anonymous=(401, 403, 404), customer=200),
    "basket-line-detail": row(
        anonymous=(401, 403, 404), others=(403, 404), customer=200, method="patch", data={"quantity": "2"}
    ),
    "product-list": everyone(),
    "product-detail": everyone(),
    "api-checkout": api((200, 400, 406, 422), anonymous=(401, 403), method="post"),
    "order-list": api(200, anonymous=(401, 403)),
    "order-detail": api(404, anonymous=(401, 403), customer=200),
    # Selling -----------------------------------------------------------------------------
    "sell": everyone(),
    "portal:home": signed_in(PAGE),
    "portal:invitations": signed_in(),
    "portal:invitation-accept": customers_own(302, method="post"),
    "portal:invitation-decline": customers_own(302, method="post"),
    "portal:dashboard": portal(clerk=200),
    "portal:orders": portal(clerk=200),
    "portal:orders-detail": portal(clerk=200),
    "portal:orders-accept": portal(302, clerk=302, method="post"),
    "portal:orders-pack": portal(302, clerk=302, method="post"),
    "portal:orders-ship": portal(422, clerk=422, method="post"),
    "portal:orders-delivered": portal(302, clerk=302, method="post"),
    "portal:orders-cancel": portal(422, method="post"),
    # The order is not on its way yet: whoever may do this is led back to it.
    "portal:orders-hand-over": portal(302, clerk=302, method="post"),
    "portal:orders-allowance": portal(302, method="post"),
    "portal:returns": portal(clerk=200),
    "portal:returns-detail": portal(clerk=200),
    "portal:returns-approve": portal(422, method="post"),
    "portal:returns-refuse": portal(422, method="post"),
    "portal:returns-settle": portal(422, method="post"),
    "portal:returns-message": portal(422, method="post"),
    "portal:returns-photo": portal(clerk=200),
    "portal:orders-prepare": portal(422, clerk=422, method="post"),
    "portal:orders-send": portal(422, clerk=422, method="post"),
    "portal:orders-unpack": portal(302, clerk=302, method="post"),
    "portal:orders-label": portal(clerk=200),
    "portal:orders-slip": portal(clerk=200),
    # It has arrived: there is nothing to put right.
    "portal:orders-correct": portal(302, clerk=302, method="post"),
    # Nothing was chosen.
    "portal:labels": portal(302, clerk=302),
    "portal:invoices": portal(clerk=200),
    "portal:invoices-pdf": portal(clerk=200),
    "portal:shipping-weights": portal(302, method="post"),
    "portal:disputes": portal(clerk=200),
    "portal:disputes-detail": portal(clerk=200),
    "portal:disputes-offer": portal(422, method="post"),
    "portal:disputes-refuse": portal(422, method="post"),
    "portal:disputes-message": portal(422, method="post"),
    "portal:disputes-appeal": portal(422, method="post"),
    "portal:disputes-photo": portal(clerk=200),
    "portal:offers": portal(),
    "portal:offers-find": portal(),
    "portal:offers-add": portal(422, method="post"),
    "portal:offers-edit": portal(422, method="post"),
    "portal:team": portal(),
    "portal:team-invite": portal(422, method="post"),
    "portal:team-withdraw": portal(302, method="post"),
    "portal:team-member": portal(302, method="post"),
    "portal:team-remove": portal(302, method="post"),
    "portal:team-role-new": portal(422, method="post"),
    "portal:team-role": portal(422, method="post"),
    "portal:team-role-delete": portal(302, method="post"),
    "portal:money": portal(),
    "portal:money-payouts": portal(),
    "portal:money-payout-ask": portal(422, method="post"),
    "portal:money-payout-withdraw": portal(302, method="post"),
    "portal:money-payout-receipt": portal(302),
    "portal:money-destinations": portal(),
    "portal:money-destination-add": portal(422, method="post"),
    "portal:money-destination-retire": portal(),
    "portal:money-statements": portal(),
    "portal:money-now-csv": portal(),
    "portal:money-now-transit": portal(),
    "portal:money-statement": portal(),
    "portal:money-statement-accept": portal(302, method="post"),
    "portal:money-statement-question": portal((302, 422), method="post"),
    "portal:money-statement-pdf": portal(),
    "portal:money-statement-csv": portal(),
    "portal:money-statement-transit": portal(),
    "portal:shipping": portal(302, method="post"),
    "portal:health": portal(clerk=200),
    "portal:holiday": portal(422, method="post"),
    "portal:holiday-end": portal(302, method="post"),
    "portal:details": portal(422, method="post"),
    # The marketplace's staff -------------------------------------------------------------
    "staff:index": staff("distributor", "cards", "admin"),
    "staff:roles": staff("admin"),
    "staff:role-new": staff("admin", cell=422, method="post"),
    "staff:role": staff("admin"),
    "staff:role-edit": staff("admin", cell=422, method="post"),
    "staff:role-delete": staff("admin", cell=422, method="post"),
    "staff:role-give": staff("admin", cell=422, method="post"),
    "staff:people": staff("admin"),
    "staff:person": staff("admin"),
    "staff:person-give": staff("admin", cell=422, method="post"),
    "staff:person-take": staff("admin", cell=422, method="post"),
    "search_staff:overview": staff("admin"),
    "search_staff:query": staff("admin", cell=302),
    "search_staff:preview": staff("admin"),
    "search_staff:synonyms": staff("admin"),
    "search_staff:synonym-new": staff("admin", cell=422, method="post"),
    "search_staff:synonym-preview": staff("admin", cell=422, method="post"),
    "search_staff:synonym": staff("admin"),
    "search_staff:synonym-delete": staff("admin", cell=302, method="post"),
    "search_staff:rules": staff("admin"),
    "search_staff:rule-new": staff("admin", cell=422, method="post"),
    "search_staff:rule-preview": staff("admin", cell=422, method="post"),
    "search_staff:rule": staff("admin"),
    "search_staff:rule-delete": staff("admin", cell=302, method="post"),
    "invoice_staff:invoices": staff("admin"),
    "invoice_staff:invoice": staff("admin"),
    "vendor_staff:vendors": staff("admin"),
    "vendor_staff:vendor": staff("admin"),
    "vendor_staff:approve": staff("admin", cell=302, method="post"),
    "vendor_staff:refuse": staff("admin", cell=422, method="post"),
    "vendor_staff:suspend": staff("admin", cell=422, method="post"),
    "vendor_staff:reinstate": staff("admin", cell=302, method="post"),
    "commission_staff:rules": staff("admin"),
    "commission_staff:history": staff("admin"),
    **{f"commission_staff:{name}": staff("admin") for name in ("new", "edit", "move", "retire")},
    **{
        f"commission_staff:{name}-save": staff("admin", cell=422, method="post")
        for name in ("new", "edit", "move", "retire")
    },
    # Of these roles the admin alone sees customers and judges vendors.
    "dispute_staff:disputes": staff("admin"),
    "dispute_staff:dispute": staff("admin"),
    "dispute_staff:message": staff("admin", cell=422, method="post"),
    "dispute_staff:ask": staff("admin", cell=422, method="post"),
    "dispute_staff:decide": staff("admin", cell=302),
    "dispute_staff:photo": staff("admin"),
    "points_staff:batches": staff("cards", "admin"),
    "points_staff:draft": staff("cards", "admin", cell=IN, method="post"),
    "points_staff:find-card": staff("cards", "admin"),
    "points_staff:batch": staff("cards", "admin"),
    "points_staff:approve": staff("cards", "admin", cell=IN),
    "points_staff:codes": staff("cards", "admin", cell=IN),
    "points_staff:production": staff("cards", "admin", cell=IN),
    "points_staff:release": staff("cards", "admin", cell=IN),
    "points_staff:printers": staff("cards", "admin"),
    "points_staff:printer-add": staff("cards", "admin", cell=IN),
    "points_staff:printer-confirm": staff("cards", "admin", cell=IN),
    "points_staff:printer-retire": staff("cards", "admin", cell=IN),
    "points_staff:activate": staff("cards", "admin", cell=IN),
    "points_staff:freeze": staff("cards", "admin", cell=IN),
    "points_staff:unfreeze": staff("cards", "admin", cell=IN),
    "points_staff:void": staff("cards", "admin", cell=IN),
    # Where cards go; the card manager distributes, and has no right to help with a single card.
    "points_staff:receive": staff("cards", "admin", cell=IN),
    "points_staff:send": staff("cards", "admin"),
    "points_staff:consignments": staff("cards", "admin"),
    "points_staff:consignment": staff("cards", "admin"),
    "points_staff:send-on": staff("cards", "admin"),
    "points_staff:consignment-step": staff("cards", "admin"),
    "points_staff:consignment-check": staff("cards", "admin", cell=422, method="post"),
    "points_staff:consignment-do": staff("cards", "admin", cell=422, method="post"),
    "points_staff:shops": staff("cards", "admin"),
    "points_staff:shop-new": staff("cards", "admin", cell=IN, method="post"),
    "points_staff:shop": staff("cards", "admin"),
    "points_staff:shop-edit": staff("cards", "admin", cell=IN, method="post"),
    "points_staff:shop-switch": staff("cards", "admin", cell=422, method="post"),
    "points_staff:shop-pay": staff("cards", "admin"),
    "points_staff:shop-pay-check": staff("cards", "admin", cell=422, method="post"),
    "points_staff:shop-pay-add": staff("cards", "admin", cell=422, method="post"),
    "points_staff:distributors": staff("cards", "admin"),
    "points_staff:distributor-new": staff("cards", "admin", cell=IN, method="post"),
    "points_staff:distributor": staff("cards", "admin"),
    "points_staff:distributor-edit": staff("cards", "admin", cell=IN, method="post"),
    "points_staff:distributor-switch": staff("cards", "admin", cell=422, method="post"),
    "points_staff:card-reports": staff("cards", "admin"),
    "points_staff:report": staff("cards", "admin"),
    "points_staff:report-csv": staff("cards", "admin"),
    "points_staff:card-freeze": staff("admin", cell=422, method="post"),
    "points_staff:card-unfreeze": staff("admin", cell=422, method="post"),
    "points_staff:card-replace": staff("admin", cell=422, method="post"),
    "points_staff:replacements": staff("cards", "admin"),
    "points_staff:replacement": staff("cards", "admin"),
    "points_staff:replacement-approve": staff("cards", "admin", cell=200, method="post"),
    "points_staff:replacement-refuse": staff("cards", "admin", cell=422, method="post"),
    "points_staff:alerts": staff("cards", "admin"),
    "points_staff:alert-seen": staff("cards", "admin", cell=422, method="post"),
    "points_staff:top-up": staff("distributor", "admin"),
    # Who names no customer finds none.
    "points_staff:top-up-check": staff("distributor", "admin", cell=404, method="post"),
    "points_staff:top-up-add": staff("distributor", "admin", cell=404, method="post"),
    "points_staff:top-up-send-code": staff("distributor", "admin", cell=404, method="post"),
    "points_staff:top-up-code": staff("distributor", "admin", cell=404, method="post"),
    "points_staff:top-up-answers": staff("distributor", "admin", cell=404, method="post"),
    "points_staff:top-up-reverse": staff("distributor", "admin"),
    "points_staff:requests": staff("distributor", "admin"),
    "points_staff:request-take": staff("distributor", "admin", cell=302, method="post"),
    "points_staff:request-put-back": staff("distributor", "admin", cell=302, method="post"),
    "points_staff:request-decline": staff("distributor", "admin"),
    "points_staff:approvals": staff("admin"),
    "points_staff:approval-approve": staff("admin", cell=302, method="post"),
    "points_staff:approval-refuse": staff("admin", cell=422, method="post"),
    "points_staff:approval-withdraw": row(
        anonymous=LOGIN, others=403, distributor=302, admin=404, method="post"
    ),
    "points_staff:drawer": staff("distributor", "admin"),
    "points_staff:drawer-hand-in": staff("distributor", "admin", cell=422, method="post"),
    "points_staff:shift-begin": staff("distributor", "admin", cell=422, method="post"),
    "points_staff:shift-end": staff("distributor", "admin", cell=422, method="post"),
    "points_staff:hand-ins": staff("admin"),
    "points_staff:hand-in-confirm": staff("admin", cell=302, method="post"),
    "points_staff:hand-in-refuse": staff("admin", cell=422, method="post"),
    "points_staff:hand-in-withdraw": row(
        anonymous=LOGIN, others=403, distributor=302, admin=404, cards=404, method="post"
    ),
    "points_staff:operators": staff("admin"),
    "points_staff:operator": staff("admin"),
    "points_staff:operator-limits": staff("admin", cell=422, method="post"),
    "points_staff:cash-report": staff("distributor", "admin"),
    "points_staff:cash-report-csv": staff("distributor", "admin"),
    "points_staff:cash-report-pdf": staff("distributor", "admin"),
    "points_staff:collections": staff("cards", "admin"),
    "points_staff:collections-hand-in": staff("cards", "admin", cell=422, method="post"),
    "points_staff:goodwill": staff("admin"),
    "points_staff:goodwill-check": staff("admin", cell=IN, method="post"),
    "points_staff:goodwill-give": staff("admin", cell=IN, method="post"),
    # Settlement with vendors
    "points_staff:payouts": staff("admin"),
    "points_staff:payout-new": staff("admin"),
    "points_staff:payout-order-new": staff("admin", cell=(302, 422), method="post"),
    "points_staff:payout": staff("admin"),
    "points_staff:payout-order": staff("admin"),
    "points_staff:payout-confirm": staff("admin"),
    "points_staff:payout-reject": staff("admin"),
    "points_staff:payout-returned": staff("admin"),
    # It is only asked for yet.
    "points_staff:payout-receipt": staff("admin", cell=302),
    "points_staff:destinations": staff("admin"),
    "points_staff:destination-confirm": staff("admin"),
    "points_staff:destination-refuse": staff("admin"),
    "points_staff:vendor-debts": staff("admin"),
    "points_staff:vendor-debt": staff("admin"),
    "points_staff:vendor-debt-pay": staff("admin", cell=422, method="post"),
    "points_staff:vendor-debt-time": staff("admin", cell=422, method="post"),
    "points_staff:vendor-payment-confirm": staff("admin"),
    "points_staff:vendor-payment-refuse": staff("admin"),
    # Only who took it withdraws it; for anyone else it does not exist.
    "points_staff:vendor-payment-withdraw": staff("admin", cell=404, method="post"),
    "points_staff:settlements": staff("admin"),
    "points_staff:settlement": staff("admin"),
    "points_staff:settlement-answer": staff("admin", cell=422, method="post"),
    "points_staff:settlement-resolve": staff("admin", cell=422, method="post"),
    "points_staff:settlement-csv": staff("admin"),
    "points_staff:settlement-pdf": staff("admin"),
    "points_staff:adjustments": staff("admin"),
    "points_staff:adjustment-new": staff("admin"),
    "points_staff:adjustment-propose": staff("admin", cell=IN, method="post"),
    "points_staff:adjustment-approve": staff("admin"),
    "points_staff:adjustment-refuse": staff("admin"),
    # Its proposer's alone.
    "points_staff:adjustment-withdraw": staff(),
    "points_staff:wallet": staff("admin"),
    "points_staff:ledger": staff("admin"),
    "points_staff:accounts": staff("admin"),
    "points_staff:vouchers": staff("admin"),
    "points_staff:voucher-new": staff("admin"),
    "points_staff:voucher-check": staff("admin", cell=422, method="post"),
    "points_staff:voucher-create": staff("admin", cell=422, method="post"),
    "points_staff:voucher-campaign": staff("admin"),
    "points_staff:voucher-make": staff("admin", cell=422, method="post"),
    "points_staff:voucher-download": staff("admin", method="post"),
    "points_staff:voucher-pause": staff("admin", cell=302, method="post"),
    "points_staff:voucher-resume": staff("admin", cell=302, method="post"),
    "points_staff:proof": staff("admin"),
    "points_staff:proof-ask": staff("admin", cell=302, method="post"),
    "points_staff:proof-run": staff("admin"),
    "points_staff:proof-acknowledge": staff("admin"),
    "points_staff:proof-resolve": staff("admin", cell=302),
    # In the demo and in tests alone ------------------------------------------------------
    "demo_phone:phone": everyone(),
}

#: allauth's pages for who is not signed in; a signed-in person may be sent away.
ALLAUTH_OPEN = frozenset(
    {
        "account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password",
        "account_confirm_login_code", "account_verify_phone", "account_confirm_password_reset_code",
        "account_complete_password_reset", "account_password_reset_completed",
        "account_email_verification_sent",
        "mfa_authenticate",
    }
)  # fmt: skip
#: allauth's pages about an account: for its person alone.
ALLAUTH_OWN = frozenset(
    {
        "account_reauthenticate", "account_email", "account_change_password", "account_set_password",
        "account_change_phone", "mfa_index", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp",
        "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes",
        "usersessions_list",
    }
)  # fmt: skip
#: Namespaces behind one gate, and who passes it. Inside, Django and Oscar check again.
GATED = {"admin": {"admin"}, "dashboard": {"admin"}}
#: Addresses without a name: uploaded pictures, which everyone may see.
NAMELESS = frozenset({r"^media/(?P<path>.*)$"})
