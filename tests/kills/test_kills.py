"""The soak of kills runs, and would find what it looks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from points_payment.services.topups import top_up
from tests.kills.movements import Movement, NotAcknowledged, Scene, topping_up
from tests.kills.soak import run, set_scene, settle

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]


def test_web_server_and_worker_are_killed_and_nothing_is_lost(
    shop_environment: dict[str, str], tmp_path: Path
) -> None:
    """PostgreSQL, which other tests use, stays: `make soak` kills that one too."""
    report = run(
        kills=2, environment=shop_environment, directory=tmp_path, postgres=None, seed=1, people=24, cards=400
    )
    assert report.findings == []
    assert report.kills == {"web": 1, "worker": 1}
    assert report.acknowledged > 0


@pytest.fixture
def scene() -> Scene:
    return set_scene(0, people=1, cards=1)


def sent(scene: Scene, *, acknowledged: bool) -> Movement:
    """A top-up that was carried out."""
    movement = topping_up(scene, scene.people[0])
    movement.send()
    movement.acknowledged = acknowledged
    scene.log.append(movement)
    return movement


def test_what_was_done_unheard_is_not_done_again(scene: Scene) -> None:
    sent(scene, acknowledged=False)
    report = settle(scene, {})
    assert (report.findings, report.retried, report.done_unheard) == ([], 1, 1)


def test_an_acknowledged_movement_that_is_not_there_is_named(scene: Scene) -> None:
    movement = topping_up(scene, scene.people[0])
    movement.acknowledged = True
    scene.log.append(movement)
    findings = settle(scene, {}).findings
    assert f"lost: top-up {movement.key} of {scene.people[0].user}" in findings
    assert any("asked for 5000250" in finding for finding in findings)


def test_a_movement_that_is_done_again_is_named(scene: Scene) -> None:
    """As it would be by a service that knows no keys."""
    movement = sent(scene, acknowledged=False)

    def again() -> None:
        top_up(
            operator=scene.operator, customer=movement.person.user, amount_points=250, reason="",
            reference="", idempotency_key=f"{movement.key}-again",
        )  # fmt: skip

    movement.send = again
    (finding,) = settle(scene, {}).findings
    assert "has 5000500 points" in finding


def test_a_retry_that_nobody_acknowledges_is_named(scene: Scene) -> None:
    movement = sent(scene, acknowledged=False)

    def unheard() -> None:
        raise NotAcknowledged("no")

    movement.send = unheard
    assert settle(scene, {}).findings == [f"retry {n} of top-up {movement.key}: no" for n in (1, 2)]
