from __future__ import annotations

from typing import Any

from marketplace.roles.models import Role
from marketplace.roles.seeds import CUSTOMER
from marketplace.roles.services import give_role
from marketplace.users.models import User


def give_customer_role(*, user: User, **kwargs: Any) -> None:
    """Whoever signs up is a customer. Before the roles are seeded there is nothing to give."""
    role = Role.objects.filter(slug=CUSTOMER).first()
    if role is not None:
        give_role(role=role, person=user, actor=None)
