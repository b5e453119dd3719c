from rest_framework.pagination import LimitOffsetPagination


class BoundedPagination(LimitOffsetPagination):
    """``?limit=`` and ``?offset=``; nobody fetches everything at once."""

    default_limit = 24
    max_limit = 96
