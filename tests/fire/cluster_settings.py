"""Settings of the real clusters these tests start: the project's own, with the knobs of tests/fire/knobs.py."""

import json
import os

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS += ["tests.fire.knobs.Knobs"]
Q_CLUSTER |= json.loads(os.environ.get("FIRE_CLUSTER", "{}"))
