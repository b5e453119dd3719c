"""Who lives in the demo: the documented accounts, the vendors' people, customers who buy and review."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext_lazy as _

from marketplace.demo.guard import require_demo
from marketplace.roles.models import Role
from marketplace.roles.services.roles import give_role, seed_platform_roles
from marketplace.users.models import User, vouch_for_email

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

#: Of every account of the demo, and of nothing else: ``require_demo`` keeps it out of real shops.
DEMO_PASSWORD = "nuqta-demo-1"  # noqa: S105


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Someone to sign in as. The phone is E.164."""

    key: str
    label: str | _StrPromise
    phone: str
    email: str
    first_name: str
    last_name: str
    language: str = "ar"
    platform_role: str = ""
    is_superuser: bool = False


CUSTOMER = DemoAccount(
    "customer", _("a customer"), "+9647701000001", "customer@nuqta.example", "زينب", "كريم"
)
OWNER = DemoAccount(
    "owner",
    _("the owner of the vendor Dijla Home"),
    "+9647701000002",
    "owner@nuqta.example",
    "حيدر",
    "الجبوري",
)
CLERK = DemoAccount(
    "clerk", _("a clerk of the vendor Dijla Home"), "+9647701000003", "clerk@nuqta.example", "علي", "حسن"
)
DISTRIBUTOR = DemoAccount(
    "distributor", _("a point distributor"), "+9647701000004", "distributor@nuqta.example", "سارة", "محمود",
    platform_role="point-distributor",
)  # fmt: skip
ADMIN = DemoAccount(
    "admin", _("an admin"), "+9647701000005", "admin@nuqta.example", "نور", "عبد الله",
    platform_role="admin", is_superuser=True,
)  # fmt: skip
CARD_MANAGER = DemoAccount(
    "card-manager", _("a card manager"), "+9647701000006", "cards@nuqta.example", "دانا", "كريم",
    language="ckb", platform_role="card-manager",
)  # fmt: skip
#: What one person ordered, another has to confirm.
SECOND_ADMIN = DemoAccount(
    "second-admin", _("another admin, to confirm"), "+9647701000007", "finance@nuqta.example", "ريم", "الخالدي",
    platform_role="admin",
)  # fmt: skip
ACCOUNTS = (CUSTOMER, OWNER, CLERK, DISTRIBUTOR, ADMIN, CARD_MANAGER, SECOND_ADMIN)

_ARABIC = [
    ("أحمد", "السعدي"), ("فاطمة", "الموسوي"), ("مصطفى", "العبيدي"), ("مريم", "الخفاجي"), ("حسين", "التميمي"),
    ("رغد", "الشمري"), ("عمر", "الدليمي"), ("آية", "الربيعي"), ("كرار", "الزيدي"), ("نور", "البياتي"),
    ("ياسر", "القيسي"), ("هدى", "الحسني"), ("سجاد", "الكعبي"), ("شهد", "العزاوي"), ("محمد", "الجنابي"),
    ("رانيا", "السامرائي"), ("عباس", "الساعدي"), ("سلمى", "الأنصاري"), ("طه", "الراوي"),
    ("إسراء", "الحمداني"),
    ("علاء", "المالكي"), ("دعاء", "الأسدي"), ("قاسم", "الفتلاوي"), ("ميس", "النعيمي"), ("بلال", "الهاشمي"),
    ("رسل", "العامري"), ("وسام", "الطائي"), ("غدير", "الوائلي"), ("أنمار", "الحديثي"), ("لبنى", "الصفار"),
]  # fmt: skip
_KURDISH = [
    ("ئاراس", "محەمەد"), ("شیلان", "ئەحمەد"), ("ڕێبین", "عومەر"), ("هێرۆ", "کەریم"), ("سۆران", "عەلی"),
    ("نیان", "حەسەن"), ("کاروان", "ڕەشید"), ("ژیان", "سەعید"), ("هاوڕێ", "جەلال"), ("تارا", "ئیبراهیم"),
    ("بەختیار", "مستەفا"), ("ڕۆژین", "خالید"), ("دیار", "عوسمان"), ("سازان", "فەرهاد"), ("هێمن", "قادر"),
]  # fmt: skip
_ENGLISH = [
    ("Sami", "Yousif"),
    ("Mariam", "Toma"),
    ("Ninos", "Khoshaba"),
    ("Rita", "Hanna"),
    ("Daniel", "Odisho"),
]

#: Buyers and reviewers: names and language. The first ones buy.
RESIDENTS = [
    *((first, last, "ar") for first, last in _ARABIC),
    *((first, last, "ckb") for first, last in _KURDISH),
    *((first, last, "en") for first, last in _ENGLISH),
]
BUYERS = 24


def demo_user(account: DemoAccount) -> User:
    return User.objects.get(phone=account.phone)


def residents() -> list[User]:
    """Everyone who buys or reviews, in the order in which they came; the documented customer first."""
    phones = [CUSTOMER.phone, *(_resident_phone(number) for number in range(len(RESIDENTS)))]
    by_phone = User.objects.in_bulk(phones, field_name="phone")
    return [by_phone[phone] for phone in phones if phone in by_phone]


def people_exist() -> bool:
    wanted = len(ACCOUNTS) + len(RESIDENTS)
    phones = [account.phone for account in ACCOUNTS] + [_resident_phone(n) for n in range(len(RESIDENTS))]
    return User.objects.filter(phone__in=phones).count() == wanted


def load_people() -> str:
    """The accounts and residents that are missing, with their platform roles."""
    require_demo()
    seed_platform_roles()
    # One hash for all: each by itself would take as long as everything else of the demo.
    password = make_password(DEMO_PASSWORD)
    for account in ACCOUNTS:
        person = ensure_person(
            phone=account.phone, email=account.email, first_name=account.first_name,
            last_name=account.last_name, language=account.language, password=password,
        )  # fmt: skip
        if account.is_superuser and not person.is_superuser:
            person.is_superuser = person.is_staff = True
            person.save(update_fields=["is_superuser", "is_staff"])
        if account.platform_role:
            role = Role.objects.get(slug=account.platform_role)
            give_role(role=role, person=person, actor=None, reason="demo")
    for number, (first_name, last_name, language) in enumerate(RESIDENTS):
        ensure_person(
            phone=_resident_phone(number), email="", first_name=first_name, last_name=last_name,
            language=language, password=password,
        )  # fmt: skip
    return f"{len(ACCOUNTS)} accounts, {len(RESIDENTS)} residents"


def ensure_person(
    *, phone: str, email: str, first_name: str, last_name: str, language: str, password: str
) -> User:
    """A person with a proven phone; ``password`` is encoded already."""
    existing = User.objects.filter(phone=phone).first()
    if existing is not None:
        return existing
    person = User.objects.create(
        phone=phone, phone_verified=True, email=email, first_name=first_name, last_name=last_name,
        language=language, password=password,
    )  # fmt: skip
    if email:
        vouch_for_email(person)
    return person


def _resident_phone(number: int) -> str:
    return f"+96478020{number:05d}"
