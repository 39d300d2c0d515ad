"""Pages: a list of notes in the session, and an answer that is made while it is sent."""

from collections.abc import Iterator

from flask import Blueprint, Response, redirect, render_template, request, session, stream_with_context, url_for

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def index() -> str:
    return render_template("index.html", notes=session.get("notes", []))


@blueprint.post("/notes")
def add_note() -> Response:
    session["notes"] = [*session.get("notes", []), request.form["text"]]
    return redirect(url_for("pages.index"))


@blueprint.get("/count")
def count() -> Response:
    """Counts up to `?to=`; the request is still at hand while the pieces are made."""

    def lines() -> Iterator[str]:
        for number in range(1, request.args.get("to", default=3, type=int) + 1):
            yield f"{number} for {request.args.get('name', 'you')}\n"

    return Response(stream_with_context(lines()), content_type="text/plain; charset=utf-8")
