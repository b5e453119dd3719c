#!/usr/bin/env python3
"""Create .venv with exactly the packages of requirements.txt (or -dev), with the standard library alone.

Does nothing when they are there already. Written so that an old Python reads it and says that it is old.
"""

import argparse
import hashlib
import json
import os
import ssl
import subprocess
import sys
import time

LEAST_VERSION = (3, 11)
NEWER_NAMES = ("python3.11", "python3.12", "python3.13", "python3.14")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, ".nuqta-stamp.json")
TOOL_REQUIREMENTS = os.path.join(ROOT, "scripts", "bootstrap-requirements.txt")


class SetUpFailed(Exception):
    """What the person at the terminal reads, in one line."""


def main():
    if sys.version_info < LEAST_VERSION:
        return hand_over_to_a_newer_python()
    parser = argparse.ArgumentParser(description="Create .venv with the pinned packages.")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    arguments = parser.parse_args()
    try:
        set_up(dev=arguments.dev)
    except SetUpFailed as failure:
        print("nuqta: %s" % failure, file=sys.stderr)
        return 2
    return 0


def hand_over_to_a_newer_python():
    """Run this script again with a Python of this machine that is new enough."""
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        for name in NEWER_NAMES:
            path = os.path.join(directory, name)
            if os.access(path, os.X_OK):
                check = "import sys; sys.exit(sys.version_info < (3, 11))"
                if subprocess.call([path, "-c", check], stderr=subprocess.DEVNULL) == 0:
                    os.execv(path, [path, *sys.argv])  # noqa: S606 - found on the person's own path
    print("nuqta: Python 3.11 or newer is needed; this is %s.%s." % sys.version_info[:2], file=sys.stderr)
    return 2


def set_up(dev):
    stamp = read_stamp()
    # Packages for development stay once they are there: both commands share one environment.
    name = "requirements-dev.txt" if dev or "requirements-dev.txt" in stamp else "requirements.txt"
    wanted = {"python": sys.version.split()[0], "requirements.txt": digest("requirements.txt")}
    if name == "requirements-dev.txt":
        wanted[name] = digest(name)
    if stamp == wanted and os.path.exists(PYTHON):
        return
    started = time.monotonic()
    print("Setting up .venv from %s ..." % name, flush=True)
    create_environment(anew=stamp.get("python", wanted["python"]) != wanted["python"])
    run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
         "--require-hashes", "-r", TOOL_REQUIREMENTS], "pip could not install uv")  # fmt: skip
    run([os.path.join(VENV, "bin", "uv"), "pip", "sync", "--quiet", *certificates(), "--python", PYTHON,
         "--require-hashes", os.path.join(ROOT, name)], "uv could not install %s" % name)  # fmt: skip
    with open(STAMP, "w", encoding="utf-8") as file:
        json.dump(wanted, file)
    print("Setting up .venv took %.0f s." % (time.monotonic() - started), flush=True)


def read_stamp():
    try:
        with open(STAMP, encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def digest(name):
    with open(os.path.join(ROOT, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def create_environment(anew):
    if os.path.exists(PYTHON) and not anew:
        return
    try:
        import ensurepip  # noqa: F401 - some systems package it apart
        import venv
    except ImportError:
        raise SetUpFailed(
            "this Python lacks venv; install it (on Debian: apt install python3-venv)."
        ) from None
    venv.create(VENV, clear=os.path.exists(VENV), symlinks=True, with_pip=True)


def certificates():
    """Trust what this machine trusts, where it says so: a company's proxy has a certificate of its own."""
    paths = ssl.get_default_verify_paths()
    return ["--system-certs"] if paths.cafile or paths.capath else []


def run(command, what_failed):
    """Run a program; its own last words become the reason when it fails."""
    # A sandboxed or bare environment may lack HOME, where uv would keep its cache.
    environment = dict(os.environ)
    environment.setdefault("HOME", ROOT)
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment, check=False
    )
    if done.returncode:
        words = done.stdout.decode("utf-8", "replace").strip()
        print(words, file=sys.stderr)
        raise SetUpFailed("%s (its own words are above)." % what_failed)


if __name__ == "__main__":
    sys.exit(main())
