from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from oscar.apps.search import apps


class SearchConfig(apps.SearchConfig):
    name = "search"
    verbose_name = _("Search")

    def get_urls(self) -> list[URLPattern]:
        from search import views

        return [
            *super().get_urls(),
            path("suggest/", views.suggestions, name="suggest"),
            path("click/", views.count_click, name="click"),
            path("similar/<int:pk>/", views.similar, name="similar"),
            path("saved/", views.saved, name="saved"),
            path("saved/new/", views.save, name="save"),
            path("saved/<int:pk>/delete/", views.forget, name="forget"),
        ]

    def ready(self) -> None:
        super().ready()
        from search import services  # noqa: F401 - registers the outbox handler
        from search.staff.registration import register

        register()
