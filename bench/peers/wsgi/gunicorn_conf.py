"""Says when a worker has loaded the application: Gunicorn's own log only tells of its start."""

import os
from typing import Any


def post_worker_init(_worker: Any) -> None:
    # In one piece, so that no other worker writes into the line.
    os.write(1, b"worker is up\n")
