"""The settings of examples/django, as they are in production, but for plain HTTP, and with all that is written beside the peers."""

import os
from pathlib import Path

_WRITTEN = Path(__file__).parent / "written"
_WRITTEN.mkdir(exist_ok=True)
os.environ["DJANGO_SECRET_KEY"] = "no secret: nobody logs in while the servers are measured"
os.environ["DJANGO_DATABASE"] = str(_WRITTEN / "db.sqlite3")

from shop.settings import *  # noqa: E402,F403

SECURE_SSL_REDIRECT = False
STATIC_ROOT = _WRITTEN / "static-files"
