"""What people do meanwhile, each movement with a key of its own, and a log of what they were told."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlencode

from django.db import DatabaseError, connections
from django.db.utils import InterfaceError
from django.utils import timezone

from forked_apps.order.models import Order
from forked_apps.partner.models import StockRecord
from marketplace.users.models import User
from points_payment.kinds import TransferKind
from points_payment.models import Transfer
from points_payment.services.promotions import give_promotional_points
from points_payment.services.topups import top_up
from tests.kills.victims import HOST

TIMEOUT_SECONDS = 20
#: After something failed: the server is being started again.
PAUSE_SECONDS = 0.4
TOP_UP_POINTS, GIFT_POINTS = 250, 7
CSRF = "a" * 32
ADDRESS = {
    "full_name": "Zainab Kareem",
    "phone": "0770 123 4567",
    "governorate": "BG",
    "district": "Karrada",
    "landmark": "Near the Al-Rahman mosque",
}


class NotAcknowledged(Exception):
    """Nobody said that it was done: it may have been, or not."""


@dataclass(frozen=True, slots=True)
class Person:
    user: User
    session: str
    #: Of its own, so that attempts which a kill left open hold up nobody else.
    address: str


@dataclass(eq=False)
class Movement:
    kind: str
    person: Person
    key: str
    send: Callable[[], None]
    #: How often it stands in the books.
    count: Callable[[], int]
    acknowledged: bool = False


@dataclass
class Scene:
    """What the clients share."""

    web_port: int
    people: list[Person]
    #: They own promotional points that the worker expires.
    sleepers: list[User]
    operator: User
    offers: list[StockRecord]
    codes: deque[str]
    card_points: int
    log: list[Movement] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    surprises: list[str] = field(default_factory=list)

    @property
    def acknowledged(self) -> int:
        return sum(movement.acknowledged for movement in list(self.log))


# Requests -----------------------------------------------------------------------------------
def post(scene: Scene, person: Person, path: str, body: str, *, wanted: int, **headers: str) -> bytes:
    """POST as this person's browser.

    Raises:
        NotAcknowledged: the connection broke, or the answer is another one.
    """
    connection = http.client.HTTPConnection(HOST, scene.web_port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(
            "POST", path, body,
            {
                "Cookie": f"sessionid={person.session}; csrftoken={CSRF}",
                "X-CSRFToken": CSRF,
                "X-Forwarded-For": person.address,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )  # fmt: skip
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise NotAcknowledged(repr(error)) from error
    finally:
        connection.close()
    if answer.status != wanted:
        raise NotAcknowledged(f"{path} answered {answer.status}")
    return content


def post_json(scene: Scene, person: Person, path: str, facts: object, *, wanted: int, **headers: str) -> dict:
    content = post(
        scene, person, path, json.dumps(facts), wanted=wanted, Content_Type="application/json", **headers
    )
    return json.loads(content)


def by_service(work: Callable[[], object]) -> None:
    """Call a service in this process, whose connection may break.

    Raises:
        NotAcknowledged: it did.
    """
    try:
        work()
    except (DatabaseError, InterfaceError) as error:
        connections.close_all()
        raise NotAcknowledged(repr(error)) from error


# Movements ----------------------------------------------------------------------------------
def redemption(scene: Scene, person: Person) -> Movement:
    """On the page, through the web server."""
    key, code = uuid.uuid4().hex, scene.codes.popleft()
    form = urlencode({"code": code, "idempotency_key": key})
    stored = f"redeem:{person.user.pk}:{key}"
    return Movement(
        "redemption", person, key,
        lambda: post(
            scene, person, "/wallet/redeem/", form, wanted=302,
            Content_Type="application/x-www-form-urlencoded",
        ),
        lambda: Transfer.objects.filter(kind=TransferKind.CARD_REDEMPTION, idempotency_key=stored).count(),
    )  # fmt: skip


def order(scene: Scene, person: Person) -> Movement:
    """By the API: something into the basket, and order it.

    Raises:
        NotAcknowledged: the basket could not be filled; no points were asked for.
    """
    offer, key = random.choice(scene.offers), uuid.uuid4().hex
    basket = post_json(
        scene, person, "/api/basket/add-product/",
        {"product": offer.product_id, "offer": offer.pk, "quantity": 1}, wanted=200,
    )  # fmt: skip
    wanted = {"basket": basket["id"], "address": ADDRESS}
    return Movement(
        "order", person, key,
        lambda: post_json(scene, person, "/api/checkout/", wanted, wanted=201, Idempotency_Key=key),
        lambda: Order.objects.filter(idempotency_key=f"{person.user.pk}:{key}").count(),
    )  # fmt: skip


def topping_up(scene: Scene, person: Person) -> Movement:
    """At the desk, by the service: its pages ask for more than a key."""
    key = uuid.uuid4().hex
    return Movement(
        "top-up", person, key,
        lambda: by_service(
            lambda: top_up(
                operator=scene.operator, customer=person.user, amount_points=TOP_UP_POINTS, reason="cash",
                reference=key, idempotency_key=key,
            )
        ),
        lambda: Transfer.objects.filter(kind=TransferKind.TOP_UP, idempotency_key=key).count(),
    )  # fmt: skip


def gift(scene: Scene, person: Person) -> Movement:
    """Points that expire at once, for the worker to take off again."""
    key, sleeper = uuid.uuid4().hex, random.choice(scene.sleepers)
    expires_at = timezone.now() + timedelta(seconds=0.5)
    return Movement(
        "gift", person, key,
        lambda: by_service(
            lambda: give_promotional_points(
                kind=TransferKind.GOODWILL, customer_id=sleeper.pk, amount_points=GIFT_POINTS,
                expires_at=expires_at, reference="", reason="", actor_id=None, idempotency_key=key,
            )
        ),
        lambda: Transfer.objects.filter(kind=TransferKind.GOODWILL, idempotency_key=key).count(),
    )  # fmt: skip


KINDS = {redemption: 4, order: 4, topping_up: 2, gift: 1}


def act(scene: Scene, people: list[Person], chance: random.Random) -> None:
    """One movement after another, until the scene ends. Each client has people of its own."""
    makers, weights = list(KINDS), list(KINDS.values())
    # Who orders again has the same basket, which would answer for the order that nobody acknowledged.
    may_order = list(people)
    try:
        while not scene.stop.is_set():
            (maker,) = chance.choices(makers, weights)
            person = chance.choice(may_order if maker is order and may_order else people)
            if maker is order and not may_order:
                maker = topping_up
            try:
                movement = maker(scene, person)
                # Written down before it is sent: what is not in the log cannot be missed.
                scene.log.append(movement)
                movement.send()
                movement.acknowledged = True
            except NotAcknowledged:
                if maker is order and person in may_order:
                    may_order.remove(person)
                time.sleep(PAUSE_SECONDS)
    except Exception as error:  # noqa: BLE001 - a client that ends is a finding
        scene.surprises.append(f"a client ended: {error!r}")
        scene.stop.set()
    finally:
        connections.close_all()
