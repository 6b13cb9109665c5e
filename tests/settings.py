"""The settings of the test run: those of the project, in demo mode, with a room of its own for every file it writes."""

import os
import tempfile
from pathlib import Path

ROOM = Path(tempfile.mkdtemp(prefix="dunlin-tests-"))  # removed again by conftest.py
os.environ |= {
    "DUNLIN_ENV_FILE": os.devnull,  # nobody's .env decides how the tests go
    "SECRET_KEY": "tests-only-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
    "DUNLIN_MODE": "demo",
    "DUNLIN_VAR": str(ROOM),
    "DEBUG": "False",
    # Playwright keeps an event loop in the thread of the tests; Django would refuse to work beside it.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}
for _name in ("DUNLIN_MEDIA", "EMAIL_URL", "EMAIL_BACKEND", "ANYMAIL", "BASE_URL", "SECURE", "ALLOWED_HOSTS"):
    os.environ.pop(_name, None)

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, STATIC_ROOT, STORAGES, VAR_DIR  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "tests.sqlite3")}  # a file: threads and WAL as in real life
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # a thread of a test that ends leaves no connection behind

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick, for passwords that protect nothing
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
