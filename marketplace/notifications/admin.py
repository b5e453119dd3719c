from django.contrib import admin
from django.http import HttpRequest

from marketplace.notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin):
    """To look at: what was told to whom."""

    list_display = ["id", "kind", "about", "user", "created_at", "sms_sent_at", "email_sent_at"]
    list_filter = ["kind", ("sms_sent_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Notification | None = None) -> bool:
        return False
