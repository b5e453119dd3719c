"""Every setting that comes from outside is read here, once, with a type and a safe default.

No other module reads ``os.environ``. With no variable set at all the project runs in its
embedded shape: its own PostgreSQL, cache and secrets under ``var/``, on this machine only.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

BASE_DIR = Path(__file__).resolve().parent.parent

Mode = Literal["demo", "production", "test"]


class SettingsError(Exception):
    """A setting is missing or broken; the message is one line that names it."""


@dataclass(frozen=True, slots=True)
class CardKeys:
    """Keys of the card codes' HMAC, by version; ``current`` signs new cards."""

    by_version: Mapping[int, bytes]
    current: int


@dataclass(frozen=True, slots=True)
class Env:
    mode: Mode
    var_dir: Path
    database_url: str | None
    redis_url: str | None
    search_url: str
    storage_url: str
    secret_key: str
    card_keys: CardKeys
    allowed_hosts: tuple[str, ...]
    csrf_trusted_origins: tuple[str, ...]
    trusted_proxy_count: int
    https: bool
    email_url: str
    default_from_email: str
    sms_gateway: str
    promotional_refund_grace_days: int
    cards_printed_here: bool


def _choice(environ: Mapping[str, str], name: str, default: str, choices: tuple[str, ...]) -> str:
    value = environ.get(name, default)
    if value not in choices:
        raise SettingsError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def _flag(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name, "1" if default else "0")
    if value not in {"0", "1"}:
        raise SettingsError(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name, str(default))
    if not re.fullmatch(r"\d{1,3}", value):
        raise SettingsError(f"{name} must be a small whole number, not {value!r}.")
    return int(value)


def _words(environ: Mapping[str, str], name: str, default: str = "") -> tuple[str, ...]:
    return tuple(word.strip() for word in environ.get(name, default).split(",") if word.strip())


def _url(environ: Mapping[str, str], name: str, default: str | None, schemes: tuple[str, ...]) -> str | None:
    value = environ.get(name) or default
    # The value itself is never repeated: it may hold a password.
    if value is not None and urlsplit(value).scheme not in schemes:
        raise SettingsError(f"{name} must be a URL that starts with {' or '.join(schemes)}.")
    return value


def _kept_secret(path: Path, make: str) -> str:
    """Read a secret from an owner-only file, which is written with ``make`` the first time."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="ascii").strip()
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make + "\n")
        return make


def _secret(environ: Mapping[str, str], name: str, *, mode: Mode, path: Path, make: str) -> str:
    if value := environ.get(name):
        return value
    if mode == "production":
        raise SettingsError(f"{name} is not set, and production has no default for it.")
    return _kept_secret(path, make)


def _card_keys(text: str) -> CardKeys:
    """Parse ``1:<hex>,2:<hex>``; the highest version is the current one."""
    by_version: dict[int, bytes] = {}
    for part in text.split(","):
        version, _, key = part.strip().partition(":")
        if not version.isdigit() or not re.fullmatch(r"[0-9a-fA-F]{64,}", key):
            raise SettingsError("CARD_KEYS must read 1:<64 or more hex digits>,2:… .")
        by_version[int(version)] = bytes.fromhex(key)
    return CardKeys(by_version=by_version, current=max(by_version))


def load(environ: Mapping[str, str]) -> Env:
    """Read and check all settings.

    Raises:
        SettingsError: one is missing or broken.
    """
    mode: Mode = _choice(environ, "NUQTA_MODE", "demo", ("demo", "production", "test"))  # type: ignore[assignment]
    var_dir = Path(
        environ.get("NUQTA_VAR") or BASE_DIR / "var" / ("test" if mode == "test" else "")
    ).resolve()
    hosts = _words(environ, "ALLOWED_HOSTS", "" if mode == "production" else "127.0.0.1,localhost,[::1]")
    if mode == "production" and not hosts:
        raise SettingsError("ALLOWED_HOSTS is not set, and production has no default for it.")
    database_url = _url(environ, "DATABASE_URL", None, ("postgres", "postgresql"))
    if mode == "production" and database_url is None:
        raise SettingsError("DATABASE_URL is not set, and production has no default for it.")
    email_schemes: tuple[str, ...] = ("smtp", "smtp+tls", "smtp+ssl")
    if mode != "production":
        # It prints whole mails, and mails carry codes: never where logs are kept.
        email_schemes = ("consolemail", *email_schemes)
    email_url = _url(environ, "EMAIL_URL", None if mode == "production" else "consolemail://", email_schemes)
    if email_url is None:
        raise SettingsError("EMAIL_URL is not set, and production has no default for it.")
    return Env(
        mode=mode,
        var_dir=var_dir,
        database_url=database_url,
        redis_url=_url(environ, "REDIS_URL", None, ("redis", "rediss", "unix")),
        search_url=_url(
            environ,
            "SEARCH_URL",
            f"tantivy://{var_dir}/search",
            ("tantivy", "opensearch", "opensearchs"),
        )
        or "",
        storage_url=_url(environ, "STORAGE_URL", f"file://{var_dir}/media", ("file",)) or "",
        secret_key=_secret(
            environ,
            "SECRET_KEY",
            mode=mode,
            path=var_dir / "secrets" / "secret_key",
            make=secrets.token_urlsafe(50),
        ),
        card_keys=_card_keys(
            _secret(
                environ,
                "CARD_KEYS",
                mode=mode,
                path=var_dir / "secrets" / "card_keys",
                make=f"1:{secrets.token_hex(32)}",
            )
        ),
        allowed_hosts=hosts,
        csrf_trusted_origins=_words(environ, "CSRF_TRUSTED_ORIGINS"),
        trusted_proxy_count=_number(environ, "TRUSTED_PROXY_COUNT", 0),
        https=_flag(environ, "HTTPS", default=mode == "production"),
        email_url=email_url,
        default_from_email=environ.get("DEFAULT_FROM_EMAIL", "Nuqta <no-reply@localhost>"),
        promotional_refund_grace_days=_number(environ, "PROMOTIONAL_REFUND_GRACE_DAYS", 14),
        cards_printed_here=_flag(environ, "CARDS_PRINTED_HERE", default=mode != "production"),
        sms_gateway=_choice(environ, "SMS_GATEWAY", "console", ("console",)),
    )


@cache
def current() -> Env:
    """The settings of this process."""
    return load(os.environ)
