"""What holds after every test that touches money."""

from __future__ import annotations

from points_payment.proof import prove


def assert_ledger_proved() -> None:
    """Fail with every culprit named, if the books don't prove."""
    findings = prove()
    assert not findings, "\n".join(str(finding) for finding in findings)
