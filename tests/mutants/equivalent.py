"""Mutants that no test can notice, and why. Each is named by service, function and change."""

from __future__ import annotations

EQUIVALENT: dict[tuple[str, str], str] = {}
