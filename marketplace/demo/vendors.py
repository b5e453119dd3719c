"""The demo's vendors: who they are, what they sell at which prices, and where they deliver."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from forked_apps.catalogue.importing import (
    CatalogueRow,
    ParsedCatalogue,
    import_offers,
    import_products,
    read_catalogue,
)
from forked_apps.catalogue.models import Product
from forked_apps.partner.governorates import Governorate as G
from forked_apps.partner.models import Partner, StockRecord
from forked_apps.partner.services.holidays import set_holiday
from forked_apps.shipping.models import Carrier
from marketplace.demo.guard import require_demo
from marketplace.demo.people import ADMIN, CLERK, DEMO_PASSWORD, OWNER, demo_user, ensure_person
from marketplace.users.models import User
from vendor_portal.models import VendorMember
from vendor_portal.seeds import OWNER as OWNER_ROLE
from vendor_portal.services.members import accept_invitation, invite_member
from vendor_portal.services.onboarding import apply_as_vendor, approve_vendor, suspend_vendor
from vendor_portal.services.roles import seed_vendor_roles
from vendor_portal.services.settings import Rate, set_shipping_rates
from vendor_portal.services.weights import WeightRules, set_weight_rules

DATA = Path(__file__).parent / "data"
LISTS = {"furniture": DATA / "furniture.csv", "laptop": DATA / "laptops.csv"}


@dataclass(frozen=True, slots=True)
class DemoVendor:
    name: str
    governorate: G
    sells: frozenset[str]
    owner: tuple[str, str]
    phone: str
    about: str
    language: str = "ar"
    handling_days: int = 1
    #: How its prices as a second vendor compare with the first one's, in percent.
    price_percent: int = 100
    base_charge_points: int = 4_000
    free_from_points: int | None = None
    delivers_to: frozenset[G] = frozenset(G)


CARRIERS = ("بوصلة للتوصيل", "الأمين للشحن", "Hawler Express", "مندوب المتجر")

_BOTH = frozenset({"furniture", "laptop"})
_FURNITURE = frozenset({"furniture"})
_LAPTOP = frozenset({"laptop"})

VENDORS = (
    DemoVendor(
        "Dijla Home", G.BAGHDAD, _FURNITURE, (OWNER.first_name, OWNER.last_name), OWNER.phone,
        "أثاث بسيط ومتين للبيت العراقي، من مخازننا في الكرادة.", price_percent=97, free_from_points=750_000,
    ),
    DemoVendor(
        "أثاث الرافدين", G.BASRA, _FURNITURE, ("جاسم", "البصري"), "+9647701100002",
        "غرف نوم وجلوس وطعام، نوصل إلى كل الجنوب.", handling_days=2, price_percent=101,
        base_charge_points=5_000,
    ),
    DemoVendor(
        "بازاڕی هەولێر", G.ERBIL, _BOTH, ("ئازاد", "ڕەسوڵ"), "+9647501100003",
        "کەلوپەلی ماڵ و لاپتۆپ، لە هەولێرەوە بۆ هەموو عێراق.", language="ckb", price_percent=98,
        free_from_points=1_000_000,
    ),
    DemoVendor(
        "Mosul Living", G.NINEVEH, _FURNITURE, ("سعد", "الموصلي"), "+9647701100004",
        "من الموصل: خشب وحرفة وضمان سنة.", handling_days=3, price_percent=95, base_charge_points=6_000,
    ),
    DemoVendor(
        "مفروشات الفرات", G.NAJAF, _FURNITURE, ("مهدي", "النجفي"), "+9647801100005",
        "كل ما يحتاجه البيت بأسعار الجملة.", price_percent=103, free_from_points=500_000,
    ),
    DemoVendor(
        "Zagros Tech", G.SULAYMANIYAH, _LAPTOP, ("ڕێبوار", "فەتاح"), "+9647701100006",
        "لاپتۆپی نوێ بە گەرەنتی فەرمی.", language="ckb", price_percent=99, base_charge_points=5_000,
    ),
    DemoVendor(
        "حاسبات بغداد", G.BAGHDAD, _LAPTOP, ("زياد", "العاني"), "+9647901100007",
        "حاسبات محمولة من شارع الصناعة، مع فحص قبل التسليم.", price_percent=96, free_from_points=1_500_000,
    ),
    DemoVendor(
        "دهۆک ئۆنلاین", G.DUHOK, _BOTH, ("بێوار", "زاخۆیی"), "+9647501100008",
        "گەیاندنی خێرا لە باکوور.", language="ckb", handling_days=2, price_percent=102,
        delivers_to=frozenset(G) - {G.BASRA, G.MAYSAN, G.DHI_QAR, G.MUTHANNA},
    ),
)  # fmt: skip
WAITING = DemoVendor(
    "متجر السلام", G.KARBALA, _FURNITURE, ("كاظم", "الكربلائي"), "+9647801100009",
    "أثاث مستورد للعرسان، نرغب بالبيع في نقطة.",
)  # fmt: skip
SUSPENDED = DemoVendor(
    "Kirkuk Outlet", G.KIRKUK, _BOTH, ("آيدن", "الصالحي"), "+9647701100010",
    "تصفيات ومخزون قديم.", price_percent=80,
)  # fmt: skip
#: Sells nothing that others don't, so that nobody misses it meanwhile.
AWAY = DemoVendor(
    "Basra Garden", G.BASRA, _FURNITURE, ("نجم", "المالكي"), "+9647801100011",
    "أثاث الحدائق والشرفات من البصرة.", price_percent=99,
)  # fmt: skip
HOLIDAY_DAYS = 10
HOLIDAY_MESSAGE = "نحن في إجازة الجرد السنوي، ونعود قريباً إن شاء الله."
SUSPENSION_REASON = "بلاغات متكررة عن منتجات لا تطابق الوصف."

_NORTH = {G.ERBIL, G.SULAYMANIYAH, G.DUHOK, G.HALABJA, G.KIRKUK, G.NINEVEH}
_MIDDLE = {G.BAGHDAD, G.ANBAR, G.DIYALA, G.SALADIN, G.BABIL, G.KARBALA, G.WASIT}
_SOUTH = {G.BASRA, G.DHI_QAR, G.MAYSAN, G.MUTHANNA, G.NAJAF, G.QADISIYAH}


def vendor_of(spec: DemoVendor) -> Partner:
    return Partner.objects.get(name=spec.name)


def owner_of(vendor: Partner) -> User:
    member = VendorMember.objects.filter(vendor=vendor, roles__seed=OWNER_ROLE, is_active=True)
    return member.select_related("user").order_by("pk")[0].user


# Vendors and their people -----------------------------------------------------------------


def vendors_exist() -> bool:
    names = [spec.name for spec in (*VENDORS, WAITING, SUSPENDED, AWAY)]
    return (
        Partner.objects.filter(name__in=names).count() == len(names)
        and VendorMember.objects.filter(user__phone=CLERK.phone).exists()
    )


def load_vendors() -> str:
    """Applications, approvals, delivery rates, and the clerk's invitation: by the portal's services."""
    require_demo()
    admin, password = demo_user(ADMIN), make_password(DEMO_PASSWORD)
    for number, spec in enumerate((*VENDORS, WAITING, SUSPENDED, AWAY), start=1):
        if Partner.objects.filter(name=spec.name).exists():
            continue
        owner = ensure_person(
            phone=spec.phone,
            email=OWNER.email if spec.phone == OWNER.phone else f"vendor{number}@nuqta.example",
            first_name=spec.owner[0], last_name=spec.owner[1], language=spec.language, password=password,
        )  # fmt: skip
        vendor = apply_as_vendor(
            applicant=owner, name=spec.name, governorate=spec.governorate, phone=spec.phone, about=spec.about
        )
        if spec is WAITING:
            continue
        approve_vendor(vendor=vendor, actor=admin)
        rates = _rates(spec)
        set_shipping_rates(vendor=vendor, rates=rates)
        _ask_by_weight(spec, vendor=vendor, rates=rates)
    Carrier.objects.bulk_create([Carrier(name=name) for name in CARRIERS], ignore_conflicts=True)
    _hire_clerk()
    return f"{len(VENDORS) + 1} vendors approved, one waiting, one to be suspended"


def _hire_clerk() -> None:
    vendor, clerk = vendor_of(VENDORS[0]), demo_user(CLERK)
    if VendorMember.objects.filter(vendor=vendor, user=clerk).exists():
        return
    invitation = invite_member(
        vendor=vendor,
        role=seed_vendor_roles(vendor)["order-packer"],
        actor=owner_of(vendor),
        phone=CLERK.phone,
    )
    accept_invitation(invitation=invitation, user=clerk)


def _rates(spec: DemoVendor) -> dict[str, Rate]:
    """Near is cheap and soon, far is not."""
    own_region = next(region for region in (_NORTH, _MIDDLE, _SOUTH) if spec.governorate in region)
    rates: dict[str, Rate] = {}
    for governorate in sorted(spec.delivers_to):
        if governorate == spec.governorate:
            factor, days = 1.0, (1, 2)
        elif governorate in own_region:
            factor, days = 1.75, (2, 4)
        else:
            factor, days = 2.5, (3, 6)
        rates[governorate.value] = Rate(
            charge_points=round(spec.base_charge_points * factor / 250) * 250,
            free_from_points=spec.free_from_points if factor < 2 else None,
            days_min=days[0],
            days_max=days[1],
        )
    return rates


def _ask_by_weight(spec: DemoVendor, *, vendor: Partner, rates: Mapping[str, Rate]) -> None:
    """Who sells furniture asks more for heavy pieces, and lets the heaviest go by the kilogram."""
    if "furniture" not in spec.sells:
        return
    for charge in sorted({rate.charge_points for rate in rates.values()}):
        set_weight_rules(
            vendor=vendor,
            governorates=[code for code, rate in rates.items() if rate.charge_points == charge],
            rules=WeightRules(
                base_up_to_grams=30_000,
                bands=[(60_000, charge * 3 // 2), (120_000, charge * 5 // 2)],
                per_further_kg_points=250,
            ),
        )


# Products and offers ------------------------------------------------------------------------


def read_lists() -> dict[str, ParsedCatalogue]:
    return {name: read_catalogue(path.read_bytes()) for name, path in LISTS.items()}


def products_exist() -> bool:
    # The header is a line; no cell of these lists holds a line break.
    wanted = sum(len(path.read_bytes().splitlines()) - 1 for path in LISTS.values())
    return Product.objects.filter(upc__regex="^(FUR|LAP)-").count() >= wanted


def load_products() -> str:
    """The real catalogue."""
    require_demo()
    reports = [import_products(catalogue=catalogue) for catalogue in read_lists().values()]
    bad = sum(len(report.bad_rows) for report in reports)
    return f"{sum(report.created + report.updated for report in reports)} products, {bad} bad rows"


def offers_exist() -> bool:
    names = [spec.name for spec in (*VENDORS, SUSPENDED, AWAY)]
    return StockRecord.objects.filter(partner__name__in=names).values("partner").distinct().count() == len(
        names
    )


def load_offers() -> str:
    """Every product is offered by one vendor, a fifth by two or three; one is suspended, one on holiday."""
    require_demo()
    written = 0
    ids: dict[Any, int] = dict(Product.objects.filter(upc__regex="^(FUR|LAP)-").values_list("upc", "pk"))
    by_vendor: dict[str, list[CatalogueRow]] = {}
    for kind, catalogue in read_lists().items():
        for name, row in _distribute(kind, catalogue.rows):
            by_vendor.setdefault(name, []).append(row)
    for spec in (*VENDORS, SUSPENDED, AWAY):
        vendor, rows = vendor_of(spec), by_vendor.get(spec.name, [])
        written += import_offers(vendor=vendor, rows=rows, product_ids=ids, handling_days=spec.handling_days)
    suspended = vendor_of(SUSPENDED)
    if suspended.is_selling:
        suspend_vendor(vendor=suspended, actor=demo_user(ADMIN), reason=SUSPENSION_REASON)
    _send_on_holiday()
    return f"{written} offers of {len(ids)} products"


def _send_on_holiday() -> None:
    away, today = vendor_of(AWAY), timezone.localdate()
    if away.holiday_from is None:
        set_holiday(
            vendor=away,
            starts_on=today,
            ends_on=today + timedelta(days=HOLIDAY_DAYS),
            message=HOLIDAY_MESSAGE,
        )


def _distribute(kind: str, rows: Iterable[CatalogueRow]) -> Iterable[tuple[str, CatalogueRow]]:
    sellers = [spec for spec in VENDORS if kind in spec.sells]
    for row in rows:
        chance = zlib.crc32(row.sku.encode())
        first = chance % len(sellers)
        yield sellers[first].name, replace(row, pieces=_pieces(row, chance))
        taken = {row.price_points}
        others = 2 if chance % 100 < 6 else 1 if chance % 100 < 20 else 0
        for step in range(1, others + 1):
            other = sellers[(first + step) % len(sellers)]
            offered = _priced(
                row, other.price_percent, taken=taken, pieces=_pieces(row, chance >> (4 * step))
            )
            taken.add(offered.price_points)
            yield other.name, offered
        # Some of what others sell, and all of it cannot be bought now.
        for spec, share in ((SUSPENDED, 71), (AWAY, 67)):
            if chance % share == 0 and kind in spec.sells:
                yield spec.name, _priced(row, spec.price_percent, taken=taken, pieces=_pieces(row, chance))


def _pieces(row: CatalogueRow, chance: int) -> int:
    """None where the list says that there are none; few of some, so that pages can say "only 2 left"."""
    if row.pieces == 0:
        return 0
    return 1 + chance % 5 if (chance >> 8) % 25 == 0 else 8 + (chance >> 3) % 53


def _priced(row: CatalogueRow, percent: int, *, taken: set[int], pieces: int) -> CatalogueRow:
    # Prices in Iraq end on a quarter of a thousand; no two vendors ask the same.
    price = max(250, round(row.price_points * percent / 100 / 250) * 250)
    while price in taken:
        price += 250
    list_price = row.list_price_points if row.list_price_points and row.list_price_points > price else None
    return replace(row, price_points=price, list_price_points=list_price, pieces=pieces)
