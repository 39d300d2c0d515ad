"""Files: with a date and an ETag, in parts where the client asks for a part."""

from pathlib import Path

from flask import Blueprint, Response, send_file

blueprint = Blueprint("files", __name__)
STATIC = Path(__file__).parent / "static"


@blueprint.get("/poem.txt")
def poem() -> Response:
    return send_file(STATIC / "poem.txt", conditional=True, max_age=60)
