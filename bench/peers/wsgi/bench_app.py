"""The application of every WSGI server: a bare answer, JSON from Flask, the page of examples/django, and a view that waits."""

import os
import time
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from flask import Flask, Response, jsonify

os.environ["DJANGO_SETTINGS_MODULE"] = "bench_settings"

HELLO = b"hello world\n"
SLEEP_S = 0.05

django = get_wsgi_application()
flask = Flask("bench")


@flask.get("/json")
def person() -> Response:
    return jsonify(id=4711, name="Ada Lovelace", tags=["mathematics", "engines"], active=True)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    if path == "/json":
        return flask(environ, start_response)
    if path == "/django":
        return django({**environ, "PATH_INFO": "/"}, start_response)
    if path == "/sleep":
        time.sleep(SLEEP_S)
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(HELLO)))])
    return [HELLO]
