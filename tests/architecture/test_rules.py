"""Rules that import-linter cannot say, each with a control that breaks it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from marketplace.env import BASE_DIR

PACKAGES = ("forked_apps", "marketplace", "points_payment", "search", "vendor_portal")
#: Where Oscar's class loader may be asked; elsewhere modules are imported, so that types are checked.
LOADER_ALLOWED = ("forked_apps/", "search/", "points_payment/oscar_adapter.py")
#: The only places that read the process's environment.
ENVIRONMENT_ALLOWED = {
    "marketplace/env.py", "marketplace/asgi.py", "marketplace/wsgi.py", "marketplace/celery.py",
}  # fmt: skip


#: Read one by one: the text is sanitised or escaped in the same function.
MARKS_SAFE = {
    "forked_apps/catalogue/content.py",
    "forked_apps/catalogue/pages.py",
    "marketplace/home/header.py",
    "marketplace/home/templatetags/nuqta.py",
}


def sources() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((BASE_DIR / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path.relative_to(BASE_DIR).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def loader_calls(tree: ast.Module) -> list[int]:
    """Lines that import Oscar's class loader or its model loader."""
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "oscar.core.loading"
        and {"get_model", "get_class", "get_classes"} & {alias.name for alias in node.names}
    ]


def environment_reads(tree: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    ]


def safe_markings(tree: ast.Module) -> list[int]:
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id == "mark_safe" or (node.func.id == "SafeString" and _has_text(node)))
    ]


def _has_text(call: ast.Call) -> bool:
    return any(not (isinstance(argument, ast.Constant) and argument.value == "") for argument in call.args)


def test_oscars_loader_stays_within_the_forks() -> None:
    found = [
        f"{place}:{line}"
        for place, tree in sources()
        if not place.startswith(LOADER_ALLOWED)
        for line in loader_calls(tree)
    ]
    assert found == []
    assert loader_calls(ast.parse("from oscar.core.loading import get_model")) == [1]


def test_only_env_reads_the_environment() -> None:
    found = [
        f"{place}:{line}"
        for place, tree in sources()
        if place not in ENVIRONMENT_ALLOWED
        for line in environment_reads(tree)
    ]
    assert found == []
    assert environment_reads(ast.parse("import os\nos.environ['X']")) == [2]


def test_models_of_the_ledger_are_asked_by_no_other_name() -> None:
    """`apps.get_model("points_payment", …)` would go around import-linter's contract."""
    found = [
        place
        for place, tree in sources()
        if not place.startswith("points_payment/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute | ast.Name)
        and (node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id) == "get_model"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and str(node.args[0].value).startswith("points_payment")
    ]
    assert found == []


#: Oscar's dashboard carries inline code of its own and is for the marketplace's staff: settings exempt it.
EXEMPT = BASE_DIR / "templates" / "oscar" / "dashboard"
TEMPLATES = [
    path
    for root in [BASE_DIR / "templates", *(BASE_DIR / package for package in PACKAGES)]
    for path in sorted(root.rglob("*.html"))
    if EXEMPT not in path.parents
]
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)[^>]*>|<style\b|\sstyle=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE
)
DIRECTION = re.compile(r"\b(?:text-(?:left|right)|float-(?:left|right)|m[lr]-(?:\d|auto)|p[lr]-\d)\b")
ELSEWHERE = re.compile(r"(?:src|href)=[\"'](?:https?:)?//(?!\{)", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(BASE_DIR).as_posix())
def test_templates_keep_to_the_content_security_policy_and_both_directions(path: Path) -> None:
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->",
        "",
        path.read_text("utf-8"),
        flags=re.DOTALL,
    )
    assert INLINE.findall(text) == [], "inline script or style: the Content-Security-Policy forbids it"
    assert "|safe" not in text, "what people wrote is never marked safe"
    assert "autoescape off" not in text
    assert DIRECTION.findall(text) == [], "use start and end: the page may run from right to left"
    assert ELSEWHERE.findall(text) == [], "nothing is loaded from elsewhere"


@pytest.mark.parametrize(
    ("pattern", "bad"),
    [
        (INLINE, "<script>alert(1)</script>"),
        (INLINE, '<p style="color: red">'),
        (INLINE, '<a onclick="go()">'),
        (DIRECTION, 'class="text-left"'),
        (ELSEWHERE, '<script src="https://cdn.example/x.js">'),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], bad: str) -> None:
    assert pattern.search(bad)


def test_text_is_marked_safe_only_where_it_was_read_for_that() -> None:
    found = {place for place, tree in sources() if safe_markings(tree)}
    assert found <= MARKS_SAFE, "format_html escapes; mark_safe needs a reader's eye and a line in MARKS_SAFE"
    assert safe_markings(ast.parse("mark_safe(text)")) == [1]


#: Put together here, so that this file does not find itself.
FOREIGN = re.compile(
    "|".join(
        [
            "regi" + r"stry\.npmjs\.org",
            "files\\.python" + "hosted\\.org",
            "pypi" + r"\.org",
            "deb\\." + r"debian\.org",
            "/wo" + "rk/",
            "tmp/help" + "ers/",
            "/opt/" + "(?:pypi|wheels)",
        ]
    )
)


def files_of_the_project() -> list[Path]:
    """What git keeps or would keep: neither caches nor what set-up made."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := BASE_DIR / name).is_file()]


def test_no_file_names_a_package_host_or_the_place_where_it_was_written() -> None:
    found = [
        f"{path.relative_to(BASE_DIR)}:{number}"
        for path in files_of_the_project()
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
        if FOREIGN.search(line)
    ]
    assert found == []
    assert FOREIGN.search("see https://pypi" + ".org/simple")
