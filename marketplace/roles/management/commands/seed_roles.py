from typing import Any

from django.core.management.base import BaseCommand

from marketplace.roles.services import seed_platform_roles


class Command(BaseCommand):
    help = "Make the roles that come with the shop where they are missing. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        roles = seed_platform_roles()
        self.stdout.write(f"{len(roles)} roles of the platform are in place.")
