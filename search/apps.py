from oscar.apps.search import apps


class SearchConfig(apps.SearchConfig):
    name = "search"

    def ready(self) -> None:
        super().ready()
        from search import services  # noqa: F401 - registers the outbox handler
