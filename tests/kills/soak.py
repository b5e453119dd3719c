"""``make soak``: kill web server, worker and PostgreSQL in turn under load, and count what is missing.

On a database cluster of its own in a temporary directory, which stays if something was found.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.kills.settings"
    os.environ["NUQTA_MODE"] = "test"
    os.environ["NUQTA_VAR"] = tempfile.mkdtemp(prefix="nuqta-kills-")
    os.environ.pop("DATABASE_URL", None)
    # PostgreSQL runs as somebody else where we are root.
    Path(os.environ["NUQTA_VAR"]).chmod(0o755)

    import django

    from marketplace.embedded import ensure_database

    ensure_database()
    django.setup()

from django.db import connections
from django.db.models import Sum
from django.test import Client
from django.utils import timezone

from forked_apps.order.models import Order
from marketplace.env import current
from marketplace.outbox.models import OutboxMessage
from marketplace.outbox.services import drain
from marketplace.users.models import User
from points_payment.kinds import AccountKind
from points_payment.models import Wallet
from points_payment.proof import prove
from points_payment.selectors import account_points
from points_payment.services.batches import activate_batch, approve_batch, draft_batch, issue_codes_once
from points_payment.services.expiry import expire_points
from tests.factories.orders import make_customer, make_offer
from tests.kills.movements import (
    GIFT_POINTS,
    TOP_UP_POINTS,
    Movement,
    NotAcknowledged,
    Person,
    Scene,
    act,
)
from tests.kills.victims import Postgres, Redis, Victim, Web, Worker

CLIENTS, PEOPLE, SLEEPERS, OFFERS = 6, 240, 40, 12
CARDS, CARD_POINTS, PURSE_POINTS = 20_000, 500, 5_000_000
#: Between two kills at least so many movements are acknowledged, or so much time passes.
MOVEMENTS_BETWEEN, SECONDS_BETWEEN = 12, 15.0
#: Every unacknowledged movement is asked for again so often.
RETRIES = 2
#: Work for the worker that moves points, and that reads all of them.
TASKS = ("points_payment.tasks.expire_promotional_points", "marketplace.outbox.tasks.drain_outbox")


@dataclass
class Report:
    kills: dict[str, int] = field(default_factory=dict)
    movements: int = 0
    acknowledged: int = 0
    retried: int = 0
    #: Unacknowledged ones that had been carried out all the same.
    done_unheard: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)
    expired_points: int = 0
    findings: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        kinds = ", ".join(f"{name} {number:,}" for name, number in sorted(self.by_kind.items()))
        yield f"{sum(self.kills.values())} kills: {self.kills}"
        yield f"{self.movements:,} movements ({kinds}), {self.acknowledged:,} acknowledged"
        yield (
            f"{self.retried:,} unacknowledged, each retried {RETRIES} times; {self.done_unheard:,} of them"
            " had been done"
        )
        yield f"{self.expired_points:,} points expired meanwhile"
        yield from self.findings
        yield f"{len(self.findings)} findings." if self.findings else "Nothing lost, nothing doubled; proved."


# The scene ----------------------------------------------------------------------------------
def set_scene(web_port: int, *, people: int = PEOPLE, cards: int = CARDS) -> Scene:
    """People with points and sessions, offers with plenty, and cards."""
    operator, second = make_customer(), make_customer()
    batch = draft_batch(
        face_value_points=CARD_POINTS, number_of_cards=cards, note="kills", actor=operator,
        expires_on=timezone.localdate() + timedelta(days=30),
    )  # fmt: skip
    approve_batch(batch=batch, actor=second)
    codes = deque(code for _serial, code in issue_codes_once(batch=batch, actor=operator))
    activate_batch(batch=batch, actor=second)
    return Scene(
        web_port=web_port,
        people=[_sign_in(make_customer(points=PURSE_POINTS), place) for place in range(people)],
        sleepers=[make_customer() for _ in range(SLEEPERS)],
        operator=operator,
        offers=[make_offer(price=10 + place, num_in_stock=1_000_000) for place in range(OFFERS)],
        codes=codes,
        card_points=CARD_POINTS,
    )


def _sign_in(user: User, place: int) -> Person:
    browser = Client()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Person(user, browser.cookies["sessionid"].value, f"10.1.{place // 250}.{place % 250 + 1}")


@contextmanager
def clients_at_work(scene: Scene, *, seed: int) -> Iterator[None]:
    threads = [
        threading.Thread(
            target=act, args=(scene, scene.people[place::CLIENTS], random.Random(seed + place)), daemon=True
        )
        for place in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        scene.stop.set()
        for thread in threads:
            thread.join()


def ask_the_worker() -> None:
    from marketplace.celery import app

    with app.connection_for_write() as broker:
        for name in TASKS:
            app.send_task(name, connection=broker)


# Killing ------------------------------------------------------------------------------------
def kill_in_turn(
    scene: Scene, victims: Sequence[Victim], *, kills: int, tell: Callable[[str], None], chance: random.Random
) -> dict[str, int]:
    counts = {victim.name: 0 for victim in victims}
    for number in range(kills):
        victim = victims[number % len(victims)]
        before, deadline = scene.acknowledged, time.monotonic() + SECONDS_BETWEEN
        ask_the_worker()
        while scene.acknowledged < before + MOVEMENTS_BETWEEN and time.monotonic() < deadline:
            if scene.stop.wait(0.05):
                return counts
        time.sleep(chance.uniform(0, 0.2))
        victim.kill()
        victim.start()
        victim.wait()
        counts[victim.name] += 1
        tell(f"{number + 1:>4} killed {victim.name:8} {scene.acknowledged:>7,} acknowledged")
    return counts


# Counting -----------------------------------------------------------------------------------
def settle(scene: Scene, kills: dict[str, int]) -> Report:
    """Ask again for what nobody acknowledged, then look for what is lost or doubled."""
    connections.close_all()
    report = Report(kills=kills, movements=len(scene.log), findings=list(scene.surprises))
    for movement in scene.log:
        report.by_kind[movement.kind] = report.by_kind.get(movement.kind, 0) + 1
        if movement.acknowledged:
            report.acknowledged += 1
            if movement.count() == 0:
                report.findings.append(f"lost: {movement.kind} {movement.key} of {movement.person.user}")
        else:
            report.retried += 1
            report.done_unheard += movement.count()
            report.findings += _retry(movement)
    expire_points(now=timezone.now() + timedelta(minutes=1), limit=10**6)
    drain()
    report.expired_points = account_points(kind=AccountKind.BREAKAGE)
    report.findings += [*_wrong_counts(scene), *_wrong_wallets(scene), *_left_over(scene), *map(str, prove())]
    return report


def _retry(movement: Movement) -> Iterator[str]:
    for attempt in range(RETRIES):
        try:
            movement.send()
        except NotAcknowledged as error:
            yield f"retry {attempt + 1} of {movement.kind} {movement.key}: {error}"


def _wrong_counts(scene: Scene) -> Iterator[str]:
    for movement in scene.log:
        if (times := movement.count()) != 1:
            yield f"{movement.kind} {movement.key} of {movement.person.user} stands {times} times"


def _wrong_wallets(scene: Scene) -> Iterator[str]:
    """Wallets that are not what the log, counted once, makes of them."""
    worth = {"redemption": scene.card_points, "top-up": TOP_UP_POINTS}
    given: Counter[int] = Counter()
    for movement in scene.log:
        given[movement.person.user.pk] += worth.get(movement.kind, 0)
    for person in scene.people:
        spent = Order.objects.filter(user=person.user).aggregate(total=Sum("total_incl_tax"))["total"] or 0
        expected = PURSE_POINTS + given[person.user.pk] - int(spent)
        orders = Order.objects.filter(user=person.user).count()
        asked = sum(one.kind == "order" and one.person is person for one in scene.log)
        found = Wallet.objects.get(user=person.user).balance_points
        if (found, orders) != (expected, asked):
            yield (
                f"{person.user} has {found} points and {orders} orders, and asked for {expected} and {asked}"
            )


def _left_over(scene: Scene) -> Iterator[str]:
    gifts = GIFT_POINTS * sum(movement.kind == "gift" for movement in scene.log)
    if (expired := account_points(kind=AccountKind.BREAKAGE)) != gifts:
        yield f"{gifts} points were given to expire, and {expired} did"
    if waiting := OutboxMessage.objects.filter(done_at=None).count():
        yield f"{waiting} messages of the outbox wait"


# Running ------------------------------------------------------------------------------------
def run(
    *,
    kills: int,
    environment: Mapping[str, str],
    directory: Path,
    postgres: Postgres | None,
    seed: int,
    people: int = PEOPLE,
    cards: int = CARDS,
    tell: Callable[[str], None] = lambda line: None,
) -> Report:
    """Start everything, kill it in turn, and count. Without ``postgres`` only web server and worker die."""
    redis = Redis(log=directory / "redis.log")
    redis.start()
    redis.wait()
    shop = {
        **environment,
        "REDIS_URL": redis.url,
        "DJANGO_SETTINGS_MODULE": "tests.kills.settings",
        "TRUSTED_PROXY_COUNT": "1",
    }
    web = Web(environment=shop, log=directory / "web.log")
    worker = Worker(environment=shop, log=directory / "worker.log")
    from marketplace.celery import app

    before = app.conf.broker_url, app.conf.task_always_eager
    app.conf.broker_url, app.conf.task_always_eager = redis.url, False
    try:
        scene = set_scene(web.port, people=people, cards=cards)
        for victim in (web, worker):
            victim.start()
            victim.wait()
        victims: list[Victim] = [web, worker, *([postgres] if postgres else [])]
        with clients_at_work(scene, seed=seed):
            counts = kill_in_turn(scene, victims, kills=kills, tell=tell, chance=random.Random(seed))
        worker.stop()
        return settle(scene, counts)
    finally:
        for command in (web, worker, redis):
            command.stop()
        app.conf.broker_url, app.conf.task_always_eager = before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    from django.core.management import call_command

    directory = current().var_dir
    postgres = Postgres()
    postgres.start()
    postgres.make_safe()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    seed = options.seed if options.seed is not None else random.randrange(1_000_000)
    print(f"Seed {seed}, in {directory}")
    environment = {
        "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8",
        "NUQTA_MODE": "test", "NUQTA_VAR": str(directory), "DATABASE_URL": database_url(),
    }  # fmt: skip
    try:
        report = run(
            kills=options.kills, environment=environment, directory=directory, postgres=postgres, seed=seed,
            tell=lambda line: print(line, flush=True),
        )  # fmt: skip
    finally:
        connections.close_all()
        postgres.stop()
    for line in report.lines():
        print(line)
    if not report.findings:
        shutil.rmtree(directory)
    return 1 if report.findings else 0


def database_url() -> str:
    from marketplace.embedded import database_url

    return database_url()


if __name__ == "__main__":
    sys.exit(main())
