"""``make soak``: guessing card codes over HTTP, from many connections with invented addresses.

However many guess at once and whatever they write into ``X-Forwarded-For``, they get no more tries than
the limits allow (docs/card-supply.md), and a customer on their very address redeems a card meanwhile.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("NUQTA_MODE", "test")

from marketplace.env import BASE_DIR

if __name__ == "__main__":
    os.environ.setdefault("NUQTA_VAR", str(BASE_DIR / "var" / "soak"))

    import django

    from marketplace.embedded import ensure_database

    ensure_database()
    django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from marketplace.users.models import User
from points_payment.codes import new_code
from points_payment.kinds import AttemptOutcome, CounterScope
from points_payment.models import AttemptCounter, GuessingAlert, RedemptionAttempt
from points_payment.services.attempts import LIMITS, most_tries
from points_payment.services.batches import activate_batch, approve_batch, draft_batch, issue_codes_once

HOST, PATH = "127.0.0.1", "/wallet/redeem/"
START_SECONDS, TIMEOUT_SECONDS = 60, 60
CARD_POINTS = 5_000
#: The page's answers, in English.
REFUSED, WAIT, REDEEMED = "cannot be redeemed", "Too many wrong codes", "were added"


@contextmanager
def served(environment: Mapping[str, str], *, log: Path) -> Iterator[int]:
    """The shop behind gunicorn on a port of its own, on the database of the environment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "marketplace.wsgi:application", "--bind", f"{HOST}:{port}"),
        *("--worker-class", "gthread", "--workers", "2", "--threads", "8", "--timeout", "60"),
        # Connections stay open, as a guesser's would.
        *("--keep-alive", "30", "--graceful-timeout", "2", "--no-control-socket"),
    ]
    with log.open("ab") as file:
        server = subprocess.Popen(
            command, cwd=BASE_DIR, env={**environment, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.DEVNULL, stdout=file, stderr=file,
        )  # fmt: skip
    try:
        _wait_until_it_answers(port, server, log)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_it_answers(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
            with closing(connection):
                connection.request("GET", "/accounts/login/")
                if connection.getresponse().status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"The shop did not start: {log.read_text()[-2000:]}")


class Guest:
    """Someone signed in, on a connection of their own that stays open."""

    def __init__(self, user: User, port: int) -> None:
        self.user, self.port = user, port
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        self.cookies = {"sessionid": session.session_key or "", "django_language": "en"}
        self.connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
        self.token = ""

    def redeem(self, code: str, *, chance: random.Random) -> str:
        """Type a code, from an address that this person has thought up; what the page says."""
        if not self.token:
            self._send("GET", "", chance)
        form = {"code": code, "csrfmiddlewaretoken": self.token, "idempotency_key": uuid.uuid4().hex}
        page = self._send("POST", urllib.parse.urlencode(form), chance)
        if page is None:
            return REDEEMED
        return next((words for words in (REFUSED, WAIT) if words in page), "something else")

    def _send(self, method: str, body: str, chance: random.Random) -> str | None:
        """The page; None after a redirect, which says that the card was redeemed."""
        address = ".".join(str(chance.randint(1, 254)) for _ in range(4))
        headers = {
            "X-Forwarded-For": f"{address}, {address}", "X-Real-IP": address, "Forwarded": f"for={address}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }  # fmt: skip
        self.connection.request(method, PATH, body, headers)
        response = self.connection.getresponse()
        page = response.read().decode()
        # The device's number is thrown away each time: who guesses would.
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, rest = cookie.partition("=")
            if name == "csrftoken":
                self.cookies[name] = rest.partition(";")[0]
        if found := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page):
            self.token = found[1]
        if response.status in {200, 422}:
            return page
        assert response.status == 302, f"{method} {response.status}: {page[:300]}"
        return None


@dataclass
class Outcome:
    answers: Counter[str] = field(default_factory=Counter)
    #: What the honest customers got, one after the other.
    honest: list[str] = field(default_factory=list)
    tries: int = 0
    most_of_one: int = 0
    alerts: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)


def make_codes(number: int) -> list[str]:
    """Codes of cards that can be redeemed."""
    first, second = make_guests(2)
    batch = draft_batch(
        face_value_points=CARD_POINTS, number_of_cards=number,
        expires_on=timezone.localdate() + timedelta(days=30), note="guessing", actor=first,
    )  # fmt: skip
    approve_batch(batch=batch, actor=second)
    codes = [code for _serial, code in issue_codes_once(batch=batch, actor=first)]
    activate_batch(batch=batch, actor=second)
    return codes


def make_guests(number: int) -> list[User]:
    return [
        User.objects.create_user(email=f"{uuid.uuid4().hex}@guess.invalid", first_name="Guest", language="en")
        for _ in range(number)
    ]


def run(*, port: int, guesses: int, connections: int, accounts: int, honest: int, seed: int) -> Outcome:
    """Guess from so many connections, which share so many accounts; honest customers come in between."""
    outcome, began = Outcome(), timezone.now()
    guessers = make_guests(accounts)
    customers = [Guest(user, port) for user in make_guests(honest)]
    codes = make_codes(honest)
    guests = [Guest(guessers[place % accounts], port) for place in range(connections)]
    left, guard = iter(range(guesses)), threading.Lock()

    def work(guest: Guest, chance: random.Random) -> None:
        while True:
            with guard:
                if next(left, None) is None:
                    return
            try:
                answer = guest.redeem(new_code(), chance=chance)
            except Exception as error:  # noqa: BLE001 - it is a finding
                answer = f"broken: {error!r}"
            with guard:
                outcome.answers[answer] += 1

    threads = [
        threading.Thread(target=work, args=(guest, random.Random(seed + place)))
        for place, guest in enumerate(guests)
    ]
    for thread in threads:
        thread.start()
    chance = random.Random(seed - 1)
    for place, (customer, code) in enumerate(zip(customers, codes, strict=True)):
        # Spread over the guessing; the last one comes when the limits have long been reached.
        wanted = guesses * (place + 1) // (honest + 1)
        while outcome.answers.total() < wanted and any(thread.is_alive() for thread in threads):
            time.sleep(0.05)
        outcome.honest.append(customer.redeem(code, chance=chance))
    for thread in threads:
        thread.join()
    for guest in (*guests, *customers):
        guest.connection.close()
    _judge(outcome, began=began, guessers=guessers, guesses=guesses)
    return outcome


def _judge(outcome: Outcome, *, began: object, guessers: list[User], guesses: int) -> None:
    """What the limits promise of so much time, against what the database counted."""
    elapsed = timezone.now() - began  # type: ignore[operator]
    outcome.seconds = elapsed.total_seconds()
    tries = RedemptionAttempt.objects.filter(customer__in=guessers)
    outcome.tries = tries.count()
    per_account = Counter(tries.values_list("customer_id", flat=True))
    outcome.most_of_one = max(per_account.values(), default=0)
    outcome.alerts = GuessingAlert.objects.filter(created_at__gte=began).count()
    account = most_tries(LIMITS[CounterScope.ACCOUNT], within=elapsed)
    # Whoever has typed no wrong code yet has one try, however many their neighbours had.
    address = most_tries(LIMITS[CounterScope.ADDRESS], within=elapsed) + len(guessers)
    tried, refused, waiting = outcome.tries, outcome.answers[REFUSED], outcome.answers[WAIT]
    counters = AttemptCounter.objects.filter(scope=CounterScope.ADDRESS)
    promises = {
        f"one account had {outcome.most_of_one} tries, not {account} at most": outcome.most_of_one <= account,
        f"one address had {tried} tries, not {address} at most": tried <= address,
        f"{refused} guesses were refused, {tried} were tried": refused == tried,
        f"neither refused nor told to wait: {dict(outcome.answers)}": refused + waiting == guesses,
        f"customers on the same address: {outcome.honest}": set(outcome.honest) == {REDEEMED},
        "an attempt was not settled": not tries.exclude(outcome=AttemptOutcome.REFUSED).exists(),
        "an address that a client wrote was believed": set(tries.values_list("address", flat=True)) <= {HOST},
        "an address that a client wrote was counted": not counters.exclude(subject=HOST).exists(),
    }
    outcome.findings = [words for words, holds in promises.items() if not holds]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guesses", type=int, default=10_000)
    parser.add_argument("--connections", type=int, default=40)
    parser.add_argument("--accounts", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    # Of an earlier run on this machine: its counters would make this one's limits narrower.
    AttemptCounter.objects.all().delete()
    environment = {**os.environ, "OUTBOX_DRAINED_BY": "hand"}
    log = Path(os.environ["NUQTA_VAR"]) / "guessing.log"
    with served(environment, log=log) as port:
        outcome = run(
            port=port, guesses=options.guesses, connections=options.connections, accounts=options.accounts,
            honest=5, seed=options.seed,
        )  # fmt: skip
    connections.close_all()
    print(
        f"{options.guesses:,} guesses from {options.connections} connections in {outcome.seconds:.0f} s:"
        f" {outcome.tries} tries ({outcome.most_of_one} at most of one account),"
        f" {outcome.answers[WAIT]:,} told to wait, {outcome.alerts} alerts;"
        f" {outcome.honest.count(REDEEMED)} of {len(outcome.honest)} customers on the same address redeemed."
    )
    for finding in outcome.findings:
        print(finding, file=sys.stderr)
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    sys.exit(main())
