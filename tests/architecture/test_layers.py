"""import-linter's contracts hold, and a module that breaks them is found."""

from __future__ import annotations

import subprocess
import sys
import tomllib

from marketplace.env import BASE_DIR


def test_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_package_of_ours_is_under_contract() -> None:
    config = tomllib.loads((BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    packages = {path.parent.name for path in BASE_DIR.glob("*/__init__.py")} - {"tests"}
    assert set(config["root_packages"]) == packages
