from django.contrib import admin
from django.http import HttpRequest

from marketplace.outbox.models import OutboxMessage


@admin.register(OutboxMessage)
class OutboxMessageAdmin(admin.ModelAdmin[OutboxMessage]):
    """To look at, not to change: `manage.py run_outbox --retry` tries again."""

    list_display = ["id", "topic", "created_at", "available_at", "attempts", "done_at", "last_error"]
    list_filter = ["topic", ("done_at", admin.EmptyFieldListFilter)]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: OutboxMessage | None = None) -> bool:
        return False
