from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings

register = template.Library()


@register.inclusion_tag("marketplace/demo/phone_hint.html")
def demo_phone_hint(recipient: str) -> dict[str, Any]:
    """In the demo, where to read the message that a phone or mailbox would have received."""
    return {"demo": settings.NUQTA_DEMO, "recipient": recipient}
