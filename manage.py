#!/usr/bin/env python
"""Django's command line, with one clear line where a setting or the database is broken."""

import os
import sys


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
    from marketplace.env import SettingsError

    try:
        from marketplace.embedded import ensure_database

        ensure_database()
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
    except SettingsError as error:
        print(f"nuqta: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
