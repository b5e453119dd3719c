"""The ground under the other tests."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db import connection


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_in_the_next_and_what_migrations_wrote_stays(turn: int) -> None:
    assert not Site.objects.filter(domain="left-over.example").exists()
    assert ContentType.objects.filter(app_label="order", model="order").exists()
    Site.objects.create(domain="left-over.example", name=str(turn))


@pytest.mark.django_db
def test_database_is_a_real_postgresql_of_at_least_15() -> None:
    assert connection.vendor == "postgresql"
    assert connection.pg_version >= 150000  # type: ignore[attr-defined]
