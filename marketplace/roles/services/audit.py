from __future__ import annotations

from typing import Any

from marketplace.roles.models import RoleChange
from marketplace.users.models import User

PLATFORM = "platform"


def record_change(
    *,
    scope: str,
    action: RoleChange.Action,
    actor: User | None,
    reason: str = "",
    role_slug: str = "",
    role_name: str = "",
    person: User | None = None,
    details: dict[str, Any] | None = None,
) -> RoleChange:
    """Add a line to the record of changes, in the transaction of the change itself."""
    return RoleChange.objects.create(
        scope=scope,
        action=action,
        role_slug=role_slug,
        role_name=role_name[:80],
        person=person,
        actor=actor,
        reason=reason[:300],
        details=details or {},
    )
