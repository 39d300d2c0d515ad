"""A Bottle application in one file: routes, JSON, a form, a file."""

import os
from pathlib import Path

from bottle import Bottle, HTTPResponse, abort, request, static_file

STATIC = Path(__file__).parent / "static"
PRICES = {"tea": 290, "coffee": 340, "cake": 420}

application = Bottle()


@application.get("/")
def index() -> HTTPResponse:
    return static_file("index.html", root=STATIC)


@application.get("/static/<name:path>")
def static(name: str) -> HTTPResponse:
    return static_file(name, root=STATIC)


@application.get("/prices/<name>")
def price(name: str) -> dict[str, object]:
    if name not in PRICES:
        abort(404, f"We have no {name}.")
    return {"name": name, "cents": PRICES[name], "process": os.getpid()}


@application.post("/bill")
def bill() -> dict[str, int]:
    """Adds up what was ordered, `what=tea&what=cake`."""
    ordered = request.forms.getall("what")
    if unknown := [name for name in ordered if name not in PRICES]:
        abort(400, f"We have no {unknown[0]}.")
    return {"cents": sum(PRICES[name] for name in ordered)}
