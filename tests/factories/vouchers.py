"""Campaigns of vouchers, made by the services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from points_payment.models import VoucherCampaign
from points_payment.services.vouchers import create_campaign, make_codes
from tests.factories.points import make_person, new_key


def make_campaign(**terms: Any) -> VoucherCampaign:
    """One that runs now, with single-use codes unless it is given ``shared_code``."""
    now = timezone.now()
    usual: dict[str, Any] = {
        "name": "Ramadan", "shared_code": "", "value_points": 2_000, "starts_at": now - timedelta(days=1),
        "ends_at": now + timedelta(days=30), "total_limit": 100, "per_customer_limit": 1, "lifetime_days": 90,
    }  # fmt: skip
    return create_campaign(**usual | terms, actor=terms.get("actor") or make_person("Noor"))


def make_vouchers(campaign: VoucherCampaign, count: int = 3) -> list[str]:
    """The codes of a new set."""
    make_codes(campaign=campaign, count=count, actor=campaign.created_by, idempotency_key=new_key())
    return list(campaign.vouchers.order_by("-id").values_list("code", flat=True)[:count])
