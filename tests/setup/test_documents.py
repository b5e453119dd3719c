"""What README says about settings is what marketplace.env reads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from marketplace.env import BASE_DIR

DOCUMENTS = [BASE_DIR / "README.md", BASE_DIR / "CONTRIBUTING.md", *sorted((BASE_DIR / "docs").rglob("*.md"))]


def test_every_setting_is_explained_and_nothing_else() -> None:
    source = (BASE_DIR / "marketplace" / "env.py").read_text(encoding="utf-8")
    read = set(re.findall(r'environ(?:\.get\(|, )\s*"([A-Z_]+)"', source.replace("\n", " ")))
    read |= set(re.findall(r'environ,\s+"([A-Z_]+)"', source))
    explained = set(
        re.findall(r"^\| `([A-Z_]+)` \|", (BASE_DIR / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert explained == read


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(BASE_DIR).as_posix())
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_targets_named_in_documents_exist() -> None:
    makefile = (BASE_DIR / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for path in DOCUMENTS:
        named = set(re.findall(r"`make ([a-z-]+)", path.read_text(encoding="utf-8")))
        assert named <= targets, path.name
