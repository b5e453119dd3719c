"""How roles change; there is no other way."""

from marketplace.roles.services.roles import (
    create_role,
    delete_role,
    edit_role,
    give_role,
    seed_platform_roles,
    take_role,
)

__all__ = ["create_role", "delete_role", "edit_role", "give_role", "seed_platform_roles", "take_role"]
