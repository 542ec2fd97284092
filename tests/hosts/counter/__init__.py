"""A host that counts visits itself: it sets a cookie of its own, on the server, where the reader allows that."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request

from compliance import Compliance, consent_given, consent_withdrawn

SEEN = "_seen"


def create_app(compliance: Compliance, folder: Path, key: str = "key") -> Flask:
    """The host, which keeps its files in *folder*; it asks *compliance*, which is set up for it later."""
    app = Flask(__name__, instance_path=str(folder))
    app.config.update(SECRET_KEY=key, TESTING=True, VISITS=Counter(), AGREED=[])
    app.jinja_env.globals["compliance"] = compliance
    visits: Counter[str] = app.config["VISITS"]

    @app.get("/articles/<name>")
    def article(name: str) -> Response:
        response = make_response(render_template("article.html", name=name))
        consent = compliance.consent
        if consent.allows("analytics"):
            response.set_cookie(SEEN, str(int(request.cookies.get(SEEN, 0)) + 1), max_age=86400, samesite="Lax")
            if consent.record_id:
                visits[consent.record_id] += 1
        elif SEEN in request.cookies:
            response.delete_cookie(SEEN, samesite="Lax")
        return response

    @app.get("/maps/<name>")
    def place(name: str) -> str:
        return render_template("map.html", name=name)

    @app.get("/about")
    def about() -> str:
        return render_template("about.html")

    @app.get("/reader")
    def reader() -> Response:
        consent = compliance.consent
        return jsonify(
            given=consent.given, choices=dict(consent.choices), policy=consent.policy, record_id=consent.record_id
        )

    def remember(sender: Flask, record: Any) -> None:
        app.config["AGREED"].append(record.id)

    def forget(sender: Flask, record: Any) -> None:
        # The request still carries the decision that is taken back.
        if compliance.consent.record_id:
            visits.pop(compliance.consent.record_id, None)

    # Signals hold their receivers weakly.
    app.config["RECEIVERS"] = remember, forget
    consent_given.connect(remember, app)
    consent_withdrawn.connect(forget, app)
    return app
