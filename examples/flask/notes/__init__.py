"""A small Flask application: notes that live in the visitor's session, and files to download."""

import os
import secrets

from flask import Flask

from . import files, pages


def create_app() -> Flask:
    app = Flask(__name__)
    # All processes must sign cookies with the same key. One made here is the same for all that are forked after it, which is what preloadApp
    # does; but every start makes another, and then the visitors' notes are gone.
    app.secret_key = os.environ.get("FLASK_SECRET_KEY") or secrets.token_hex()
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.register_blueprint(pages.blueprint)
    app.register_blueprint(files.blueprint, url_prefix="/files")
    return app
