"""Each broken setting gives one clear line that names it and repeats no secret."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from marketplace.env import SettingsError, load

PRODUCTION = {
    "NUQTA_MODE": "production",
    "ALLOWED_HOSTS": "nuqta.example",
    "DATABASE_URL": "postgresql://nuqta@db.example/nuqta",
    "SECRET_KEY": "s" * 50,
    "CARD_KEYS": "1:" + "ab" * 32,
    "EMAIL_URL": "smtp+tls://mail.example:587",
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NUQTA_MODE", "staging"),
        ("DATABASE_URL", "mysql://nuqta:hunter2@db.example/nuqta"),
        ("DATABASE_URL", "hunter2"),
        ("REDIS_URL", "http://:hunter2@redis.example"),
        ("SEARCH_URL", "https://search.example"),
        ("STORAGE_URL", "s3://hunter2"),
        ("EMAIL_URL", "pigeon://hunter2@mail.example"),
        ("HTTPS", "yes"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("TRUSTED_PROXY_COUNT", "many"),
        ("CARD_KEYS", "hunter2"),
        ("CARD_KEYS", "1:abc"),
        ("CARD_KEYS", "one:" + "ab" * 32),
        ("SMS_GATEWAY", "pigeon"),
    ],
)
def test_a_broken_setting_is_named_in_one_line_without_its_secret(
    name: str, value: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as raised:
        load({"NUQTA_VAR": str(tmp_path), name: value})
    message = str(raised.value)
    assert message.startswith(name)
    assert "\n" not in message
    assert "hunter2" not in message


@pytest.mark.parametrize("name", sorted(PRODUCTION.keys() - {"NUQTA_MODE"}))
def test_production_has_no_default_for_what_must_be_decided(name: str, tmp_path: Path) -> None:
    load(PRODUCTION | {"NUQTA_VAR": str(tmp_path)})
    with pytest.raises(SettingsError, match=f"^{name} is not set"):
        load({key: value for key, value in PRODUCTION.items() if key != name} | {"NUQTA_VAR": str(tmp_path)})


def test_production_prints_no_mails(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^EMAIL_URL must be"):
        load(PRODUCTION | {"NUQTA_VAR": str(tmp_path), "EMAIL_URL": "consolemail://"})


def test_production_is_served_by_https_unless_said_otherwise(tmp_path: Path) -> None:
    assert load(PRODUCTION | {"NUQTA_VAR": str(tmp_path)}).https
    assert not load(PRODUCTION | {"NUQTA_VAR": str(tmp_path), "HTTPS": "0"}).https
    assert not load({"NUQTA_VAR": str(tmp_path)}).https


def test_with_no_setting_secrets_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    first = load({"NUQTA_VAR": str(tmp_path)})
    second = load({"NUQTA_VAR": str(tmp_path)})
    assert first.secret_key == second.secret_key
    assert first.card_keys == second.card_keys
    assert len(first.card_keys.by_version[1]) == 32
    for name in ("secret_key", "card_keys"):
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600


def test_two_checkouts_share_no_secret(tmp_path: Path) -> None:
    assert (
        load({"NUQTA_VAR": str(tmp_path / "a")}).secret_key
        != load({"NUQTA_VAR": str(tmp_path / "b")}).secret_key
    )


def test_the_newest_card_key_signs_and_the_old_ones_stay(tmp_path: Path) -> None:
    keys = load({"NUQTA_VAR": str(tmp_path), "CARD_KEYS": f"1:{'ab' * 32},2:{'cd' * 32}"}).card_keys
    assert keys.current == 2
    assert keys.by_version[1] == b"\xab" * 32
