"""Django's settings; whatever comes from outside goes through ``marketplace.env``."""

from marketplace.settings.base import *  # noqa: F403
from marketplace.settings.apps import *  # noqa: F403
from marketplace.settings.shop import *  # noqa: F403
