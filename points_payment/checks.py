"""What ``manage.py check --deploy`` says of the database's guard over the books."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning as CheckWarning, register
from django.db import connection

#: Whether this role may rewrite the books, or switch off what forbids it.
MAY_REWRITE = """
SELECT has_table_privilege('points_payment_transfer', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR has_table_privilege('points_payment_entry', 'UPDATE, DELETE, TRUNCATE, TRIGGER')
    OR current_setting('is_superuser') = 'on'
"""
ROLE_MAY_REWRITE = CheckWarning(
    "The database role that the application works as may change or empty the books.",
    hint="Let it work as the role that `manage.py create_app_role` makes; see docs/operations.md.",
    id="points_payment.W001",
)


@register(deploy=True)
def check_database_role(app_configs: Any, **options: Any) -> list[CheckMessage]:
    """In the demo and in tests one role does everything."""
    if settings.NUQTA_DEMO:
        return []
    with connection.cursor() as cursor:
        cursor.execute(MAY_REWRITE)
        return [ROLE_MAY_REWRITE] if cursor.fetchone()[0] else []
