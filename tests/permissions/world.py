"""Somebody for each role, and one of everything that an address may name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.test import override_settings
from django.utils import timezone
from oscar.apps.address.models import Country, UserAddress
from oscar.apps.catalogue.reviews.models import ProductReview

from forked_apps.order.dispute_models import Dispute, DisputeReason
from forked_apps.order.models import VendorOrder
from forked_apps.order.return_models import Return, ReturnReason
from forked_apps.order.services.delivery import mark_delivered
from forked_apps.order.services.disputes import open_dispute
from forked_apps.order.services.fulfilment import ship_lines
from forked_apps.order.services.invoices import issue_invoice
from forked_apps.order.services.packing import prepare_parcel
from forked_apps.order.services.returns import open_return
from forked_apps.partner.commission_models import CommissionRule
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from points_payment.kinds import AccountKind, ProofScope, ProofSource, ProofState
from points_payment.models import GuessingAlert, LedgerAlert, ProofRun
from points_payment.payout_methods import Destination
from points_payment.services.adjustments import propose_adjustment
from points_payment.services.batches import draft_batch
from points_payment.services.card_support import request_replacement
from points_payment.services.cash import hand_in_cash
from points_payment.services.printers import add_printer
from points_payment.services.settlement import close_periods
from points_payment.services.vendor_payments import record_vendor_payment
from points_payment.settlement_selectors import statements_of
from points_payment.statements import Period, export_rows, span_of
from search.models import QueryRule, SavedSearch, Synonym
from tests.factories.catalogue import CategoryFactory, ProductFactory
from tests.factories.commission import put_rules_in_force
from tests.factories.desk import make_proposal, make_request, make_top_up
from tests.factories.orders import give_points, make_basket, make_offer, make_order
from tests.factories.points import make_active_batch
from tests.factories.supply import make_distributor, make_received_batch, make_shop, send
from tests.factories.vendors import a_cast, a_person, a_staff_member, membership, seeded
from tests.factories.vouchers import make_campaign
from tests.points_payment.settling import ask, make_destination, pay, sell, take_back
from vendor_portal.services.members import add_member, invite_member

#: Of an adjustment.
STEPS = ("approve", "refuse", "withdraw")
#: A public key of age, made for this; nobody has its other half.
PRINTER_KEY = "age1z68q77esv7musgxt7exu4v93fvvl7zu3w64z2hdqy70607zmugcsg5epfm"
ROLES = ("anonymous", "customer", "owner", "clerk", "other", "distributor", "cards", "admin")

CONSIGNMENT_PAGES = ("consignment", "consignment-step", "consignment-check", "consignment-do")
SHOP_PAGES = ("shop", "shop-edit", "shop-switch", "shop-pay", "shop-pay-check", "shop-pay-add")
DISTRIBUTOR_PAGES = ("distributor", "distributor-edit", "distributor-switch")


@dataclass(frozen=True, slots=True)
class World:
    people: dict[str, User | None]
    #: What stands for an address's parameter, by ``namespace.parameter`` or ``parameter``.
    examples: dict[str, Any]


def a_return(customer: User, offer: StockRecord) -> Return:
    """What the customer wants this vendor to take back, with a photo."""
    part = make_order(customer, [offer]).vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=customer, vendor_order=part, tracking_code="T")
    mark_delivered(vendor=part.vendor, actor=customer, vendor_order=part)
    return open_return(
        customer=customer, vendor_order=VendorOrder.objects.get(pk=part.pk),
        quantities={line.pk: 1 for line in part.lines.all()}, reason=ReturnReason.DAMAGED,
        description="Broken", photos=[ContentFile(b"RIFF", name="photo.webp")],
    )  # fmt: skip


def a_dispute(customer: User, offer: StockRecord) -> Dispute:
    """What the customer says is wrong with another order of this vendor, with a photo."""
    part = make_order(customer, [offer]).vendor_orders.get()
    ship_lines(vendor=part.vendor, actor=customer, vendor_order=part, tracking_code="T")
    return open_dispute(
        customer=customer, vendor_order=part, quantities={line.pk: 1 for line in part.lines.all()},
        reason=DisputeReason.DAMAGED, description="Broken", photos=[ContentFile(b"RIFF", name="photo.webp")],
    )  # fmt: skip


def a_prepared_parcel(customer: User, offer: StockRecord) -> VendorOrder:
    """An order of which some is in a box that waits for its courier, and some in none."""
    part = make_order(customer, {offer: 2}).vendor_orders.get()
    prepare_parcel(
        vendor=part.vendor, actor=customer, vendor_order=part,
        quantities={line.pk: 1 for line in part.lines.all()},
    )  # fmt: skip
    return part


DISPUTE_STEPS = ("", "-message", "-accept", "-arrived", "-escalate", "-appeal", "-withdraw", "-photo")
DISPUTE_PAGES = (
    *(f"orders:problem{step}" for step in DISPUTE_STEPS),
    *(f"portal:disputes-{step}" for step in ("detail", "offer", "refuse", "message", "appeal", "photo")),
    *(f"dispute_staff:{page}" for page in ("dispute", "message", "ask", "decide", "photo")),
)


def settled(vendor_id: int, *, asker: User) -> dict[str, Any]:
    """A payout that is asked for, where it goes, a closed month, and money that waits to be counted."""
    reference = sell(9_000, vendor=vendor_id)
    with override_settings(PAYOUT_DESTINATION_HOURS=0):
        pay(8_000, vendor=vendor_id)
    take_back(reference, 9_000)
    owed = record_vendor_payment(
        vendor_id=vendor_id,
        amount_points=100,
        reference="R",
        actor=a_staff_member("admin"),
        idempotency_key="world",
    )
    sell(90_000, vendor=vendor_id)
    place = make_destination(vendor=vendor_id, destination=Destination("Alice"), actor=asker, is_usable=False)
    payout = ask(5_000, vendor=vendor_id, destination=place, actor=asker)
    close_periods(now=Period.month(timezone.localdate()).ends_before + timedelta(days=1))
    statement = statements_of(vendor_id=vendor_id).first()
    assert statement is not None
    statements = ("", "-accept", "-question", "-pdf", "-csv", "-transit")
    return {
        **dict.fromkeys((f"portal:money-statement{page}.pk" for page in statements), statement.pk),
        **dict.fromkeys((f"portal:money-payout-{page}.pk" for page in ("withdraw", "receipt")), payout.pk),
        "portal:money-destination-retire.pk": place.pk,
        **dict.fromkeys(
            (
                f"points_staff:payout{page}.pk"
                for page in ("", "-order", "-confirm", "-reject", "-returned", "-receipt")
            ),
            payout.pk,
        ),
        **dict.fromkeys((f"points_staff:destination-{page}.pk" for page in ("confirm", "refuse")), place.pk),
        **dict.fromkeys(
            (f"points_staff:vendor-payment-{page}.pk" for page in ("confirm", "refuse", "withdraw")), owed.pk
        ),
        **dict.fromkeys(
            (f"points_staff:settlement{page}.pk" for page in ("", "-answer", "-resolve", "-csv", "-pdf")),
            statement.pk,
        ),
        "points_staff.vendor_id": vendor_id,
    }


def a_world() -> World:
    """The customer's order has parts of two vendors; all else is the customer's or the first vendor's."""
    cast = a_cast(bob_may=())
    add_member(vendor=cast.vendor, user=cast.bob, roles=[seeded(cast.vendor, "order-packer")], actor=None)
    customer = a_person("Customer")
    give_points(customer, 10_000_000)
    category = CategoryFactory()
    product = ProductFactory(category=category)
    offer = make_offer(vendor=cast.vendor, product=product)
    order = make_order(customer, [offer, make_offer(vendor=cast.other_vendor)])
    returned = a_return(customer, offer)
    disputed = a_dispute(customer, offer)
    boxed = a_prepared_parcel(customer, offer)
    basket = make_basket(customer, [offer])
    admin = a_staff_member("admin", name="Admin")
    cards = a_staff_member("card-manager", name="Cards")
    distributor = a_staff_member("point-distributor", name="Distributor")
    top_up = make_top_up(operator=distributor, customer=customer)
    put_rules_in_force(CommissionRule(basis_points=800))
    batch = draft_batch(
        face_value_points=25_000,
        number_of_cards=2,
        expires_on=timezone.localdate() + timedelta(days=365),
        note="",
        # Who drafted a batch approves nothing about it, so it is someone outside the table.
        actor=a_staff_member("card-manager"),
    )
    received, _codes = make_received_batch(cards=4)
    shop, company = make_shop(), make_distributor()
    sent = send(received, 0, 1, shop=shop)
    sold, _codes = make_active_batch()
    card = sold.cards.earliest("number")
    asked = request_replacement(
        card=card, actor=a_person(), reason="Torn", proof_seen="The card", last_four=card.last_four
    )
    alert = GuessingAlert.objects.create(
        scope="account", subject=str(customer.pk), hour=timezone.now(), failures=9
    )
    invitation = invite_member(
        vendor=cast.vendor, role=seeded(cast.vendor, "manager"), actor=cast.alice, phone=customer.phone or ""
    )
    adjustment = propose_adjustment(
        account_kind=AccountKind.CUSTOMER_PAID, owner_id=customer.pk, amount_points=5, reason="Miscounted",
        actor=a_staff_member("admin"),
    )  # fmt: skip
    saved = SavedSearch.objects.create(user=customer, name="Chairs", address="/search/?q=chair")
    synonym = Synonym.objects.create(words="chair\nseat")
    rule = QueryRule.objects.create(query="chair", shown="chair", redirect_to="/about/")
    country = Country.objects.filter(pk="IQ").first() or Country.objects.create(
        iso_3166_1_a2="IQ", iso_3166_1_a3="IRQ", printable_name="Iraq", is_shipping_country=True
    )
    home = UserAddress.objects.create(
        user=customer, first_name="Customer", line1="Mosque", line4="Karrada", state="BG",
        country=country, phone_number="+9647701234567",
    )  # fmt: skip
    review = ProductReview.objects.create(product=product, score=5, title="Good", body="Good", user=customer)
    part = VendorOrder.objects.get(order=order, vendor=cast.vendor)
    wish = make_request(customer).pk
    hand_in = hand_in_cash(
        person=distributor, kind=AccountKind.OPERATOR, amount_points=top_up.amount_points, reference="Bag 1",
        idempotency_key="world",
    )  # fmt: skip
    proposal = make_proposal(operator=distributor, customer=customer)
    people: dict[str, User | None] = {
        "anonymous": None, "customer": customer, "owner": cast.alice, "clerk": cast.bob, "other": cast.dana,
        "distributor": distributor, "cards": cards, "admin": admin,
    }  # fmt: skip
    examples = {
        "code": cast.vendor.code,
        "slug": "support",
        "staff.pk": customer.pk,
        "points_staff.pk": batch.pk,
        "points_staff.campaign_pk": make_campaign().pk,
        "points_staff:top-up-reverse.pk": top_up.pk,
        **dict.fromkeys((f"points_staff:request-{act}.pk" for act in ("take", "put-back", "decline")), wish),
        **dict.fromkeys(
            (f"points_staff:approval-{act}.pk" for act in ("approve", "refuse", "withdraw")), proposal.pk
        ),
        **dict.fromkeys(
            (f"points_staff:hand-in-{act}.pk" for act in ("confirm", "refuse", "withdraw")), hand_in.pk
        ),
        **dict.fromkeys(
            (
                f"points_staff:{page}.pk"
                for page in (
                    "operator",
                    "operator-limits",
                    "cash-report",
                    "cash-report-csv",
                    "cash-report-pdf",
                )
            ),
            distributor.pk,
        ),
        "wallet:top-up-withdraw.pk": wish,
        "points_staff.customer_pk": customer.pk,
        **dict.fromkeys((f"points_staff:adjustment-{step}.pk" for step in STEPS), adjustment.pk),
        "wallet.entry_id": next(export_rows(span_of(customer_id=customer.pk))).entry_id,
        **dict.fromkeys((f"points_staff:{name}.pk" for name in CONSIGNMENT_PAGES), sent.pk),
        **dict.fromkeys((f"points_staff:{name}.pk" for name in SHOP_PAGES), shop.pk),
        **dict.fromkeys((f"points_staff:{name}.pk" for name in DISTRIBUTOR_PAGES), company.pk),
        "points_staff:send-on.pk": send(received, 2, 3, distributor=company).pk,
        "points_staff:card-freeze.pk": card.pk,
        "points_staff:card-unfreeze.pk": card.pk,
        "points_staff:card-replace.pk": card.pk,
        "points_staff:replacement.pk": asked.pk,
        "points_staff:replacement-approve.pk": asked.pk,
        "points_staff:replacement-refuse.pk": asked.pk,
        "points_staff:alert-seen.pk": alert.pk,
        "points_staff.step": "freeze",
        "points_staff.kind": "shops",
        "points_staff.printer_pk": add_printer(
            name="Tigris", public_key=PRINTER_KEY, actor=a_staff_member("card-manager")
        ).pk,
        "portal.number": part.number,
        "portal.product_pk": ProductFactory().pk,
        "portal:offers-edit.pk": offer.pk,
        "portal:team-member.pk": membership(cast.vendor, cast.bob).pk,
        "portal:team-remove.pk": membership(cast.vendor, cast.bob).pk,
        "portal:team-role.pk": seeded(cast.vendor, "accountant").pk,
        "portal:team-role-delete.pk": seeded(cast.vendor, "accountant").pk,
        "portal:team-withdraw.pk": invitation.pk,
        "portal:invitation-accept.pk": invitation.pk,
        "portal:invitation-decline.pk": invitation.pk,
        "search:similar.pk": product.pk,
        "search:forget.pk": saved.pk,
        **{
            f"commission_staff:{name}.number": 1
            for change in ("edit", "move", "retire")
            for name in (change, f"{change}-save")
        },
        "search_staff:synonym.pk": synonym.pk,
        "search_staff:synonym-delete.pk": synonym.pk,
        "search_staff:rule.pk": rule.pk,
        "search_staff:rule-delete.pk": rule.pk,
        "orders.order_number": order.number,
        **{
            f"orders:return{step}.order_number": returned.vendor_order.order.number
            for step in ("", "-withdraw", "-sent", "-message", "-photo")
        },
        **{
            f"{page}{step}.number": returned.number
            for page, steps in (
                ("orders:return", ("", "-withdraw", "-sent", "-message", "-photo")),
                ("portal:returns", ("-detail", "-approve", "-refuse", "-settle", "-message", "-photo")),
            )
            for step in steps
        },
        **{f"{page}.number": disputed.number for page in DISPUTE_PAGES},
        **{f"{page}.pk": disputed.photos.get().pk for page in DISPUTE_PAGES if page.endswith("photo")},
        **{
            f"orders:problem{step}.order_number": disputed.vendor_order.order.number for step in DISPUTE_STEPS
        },
        "orders:return-photo.pk": returned.photos.get().pk,
        "portal:returns-photo.pk": returned.photos.get().pk,
        "orders.number": part.number,
        # What left has a parcel and an invoice.
        **{
            f"portal:orders-{paper}.number": returned.vendor_order.number
            for paper in ("label", "slip", "correct")
        },
        **dict.fromkeys(
            [f"portal:orders-{step}.number" for step in ("prepare", "send", "unpack")], boxed.number
        ),
        **dict.fromkeys(
            ("orders:invoice.number", "portal:invoices-pdf.number", "invoice_staff:invoice.number"),
            issue_invoice(vendor_order=returned.vendor_order).number,
        ),
        "orders:invoice.order_number": returned.vendor_order.order.number,
        "position": 1,
        "language": "ar",
        "governorate": "BG",
        "customer.order_number": order.number,
        "customer.pk": home.pk,
        "checkout.number": order.number,
        "checkout.pk": home.pk,
        "catalogue.pk": product.pk,
        "catalogue.product_pk": product.pk,
        "catalogue.product_slug": product.slug,
        "catalogue:detail.product_slug": product.slug,
        "catalogue:category.category_slug": category.full_slug,
        "catalogue:category.pk": category.pk,
        "catalogue:reviews-detail.pk": review.pk,
        "catalogue:reviews-vote.pk": review.pk,
        "basket.pk": product.pk,
        "basket.line_id": basket.lines.get().pk,
        "product-detail.pk": product.pk,
        "order-detail.pk": order.pk,
        "basket-lines-list.pk": basket.pk,
        "basket-line-detail.basket_pk": basket.pk,
        "basket-line-detail.pk": basket.lines.get().pk,
    }
    failed = ProofRun.objects.create(
        scope=ProofScope.WHOLE, source=ProofSource.BEAT, state=ProofState.FAILED, findings_count=1,
        started_at=timezone.now(), finished_at=timezone.now(),
    )  # fmt: skip
    alert = LedgerAlert.objects.create(first_run=failed, last_run=failed)
    examples |= {"points_staff.run_pk": failed.pk, "points_staff.alert_pk": alert.pk}
    examples |= settled(cast.vendor.pk, asker=a_person("Accountant"))
    return World(people=people, examples=examples)
