import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_earlier_attempts(db: None) -> None:
    """Limits are counted in the cache."""
    cache.clear()
