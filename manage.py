#!/usr/bin/env python
"""Django's command line, with one clear line where a setting or the database is broken."""

import os
import sys

#: Commands that work on files alone: no database is started for them.
WITHOUT_DATABASE = {
    "check_translations", "compilemessages", "fetch_assets", "help", "makemessages", "--help", "--version",
}  # fmt: skip


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    from marketplace.env import SettingsError

    try:
        from marketplace.embedded import ensure_database

        if not WITHOUT_DATABASE.intersection(sys.argv[1:2]):
            ensure_database()
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except SettingsError as error:
        print(f"nuqta: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
