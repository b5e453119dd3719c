"""What holds after every test that touches money."""

from __future__ import annotations

from collections.abc import Collection

from points_payment.proof import prove


def assert_ledger_proved(*, but_for: Collection[str] = ()) -> None:
    """Fail with every culprit named, if the books don't prove; ``but_for`` names checks to leave out."""
    findings = [finding for finding in prove() if finding.check not in but_for]
    assert not findings, "\n".join(str(finding) for finding in findings)
