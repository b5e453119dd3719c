"""The shop's own settings in test mode: only what would make tests slow or depend on set-up differs."""

import os
import tempfile

os.environ["NUQTA_MODE"] = "test"

from marketplace.settings import *  # noqa: F403
from marketplace.settings import HAYSTACK_CONNECTIONS, STORAGES, VAR_DIR

#: Tests sign in hundreds of times; how hashes are made is Django's to test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Tests run without collectstatic, so there is no manifest to look names up in.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True

EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]

# The front-end packages may not have been fetched; a missing directory is a warning, and warnings are errors.
for _directory in (VAR_DIR / "assets", VAR_DIR / "static"):
    _directory.mkdir(parents=True, exist_ok=True)

# Effects after commit wait until a test asks for them: fixture drain_outbox.
OUTBOX_DRAINED_BY = "hand"

# Files with codes go with the process that ran the tests.
_exports_directory = tempfile.TemporaryDirectory(prefix="nuqta-exports-")
STORAGES["exports"] = STORAGES["exports"] | {
    "OPTIONS": STORAGES["exports"]["OPTIONS"] | {"location": _exports_directory.name}
}

# Tests neither read nor write the shop's own index; each worker has one that goes with it.
_search_directory = tempfile.TemporaryDirectory(prefix="nuqta-search-")
HAYSTACK_CONNECTIONS = {"default": {**HAYSTACK_CONNECTIONS["default"], "PATH": _search_directory.name}}

# Tests give people the points that they need; the usual limits have tests of their own.
TOP_UP_LIMITS = dict.fromkeys(
    ("movement_points", "day_points", "customer_day_points", "float_points"), 10**15
)
