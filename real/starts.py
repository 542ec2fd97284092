"""How each application is started, as its own documents say: imported in its own environment, with a folder of its own.

Nothing here knows of us. What is no application by itself (Flask-Admin, Flask-AppBuilder, Dash …) is the example of its
documents, made small.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PASSWORD = "correct horse 7"


def beets(folder: Path) -> Any:
    from beets.library import Item, Library
    from beetsplug.web import app

    app.config["lib"] = library = Library(str(folder / "library.db"), str(folder))
    library.add(Item(title="River", artist="Ferry", album="City", path=str(folder / "river.mp3").encode()))
    return app


def calibreweb(folder: Path) -> Any:
    sys.argv = ["cps", "-p", str(folder / "app.db"), "-g", str(folder / "gdrive.db"), "-o", str(folder / "log")]
    import calibreweb

    sys.path.insert(0, str(Path(calibreweb.__file__).parent))
    import cps
    import cps.main

    # Its `main` puts the application together and serves it; the second is done here.
    cps.web_server.start = lambda: True
    try:
        cps.main.main()
    except SystemExit:
        return cps.app


def changedetection(folder: Path) -> Any:
    os.environ |= {"LOGGER_LEVEL": "ERROR", "DISABLE_VERSION_CHECK": "true", "SOCKETIO_MODE": "threading"}
    sys.argv = ["changedetection.io"]
    from changedetectionio import store
    from changedetectionio.flask_app import changedetection_app

    kept = store.ChangeDetectionStore(datastore_path=str(folder), version_tag="0", include_default_watches=False)
    return changedetection_app({"datastore_path": str(folder), "batch_mode": True}, kept)


def dash(folder: Path) -> Any:
    from dash import Dash, Input, Output, dcc, html

    app = Dash(__name__, title="Board", serve_locally=True)
    app.layout = html.Div(
        [
            html.H1("Board"),
            dcc.Input(id="name", value="", type="text"),
            html.P(id="greeting"),
            dcc.Graph(id="chart", figure={"data": [{"x": [1, 2, 3], "y": [4, 1, 2], "type": "bar"}]}),
        ]
    )

    @app.callback(Output("greeting", "children"), Input("name", "value"))
    def greet(name: str) -> str:
        return f"Hello {name}"

    return app.server


def dtale(folder: Path) -> Any:
    import pandas
    from dtale.app import build_app
    from dtale.views import startup

    app = build_app(reaper_on=False)
    startup("", data=pandas.DataFrame({"city": ["Chongqing", "Wuhan"], "bridges": [20, 11]}), ignore_duplicate=True)
    return app


def flasgger(folder: Path) -> Any:
    from flasgger import Swagger
    from flask import Flask, jsonify

    app = Flask(__name__)

    @app.get("/colours/<palette>/")
    def colours(palette: str) -> Any:
        """Colours of a palette.
        ---
        parameters:
          - {name: palette, in: path, type: string, required: true}
        responses:
          200: {description: The colours}
        """
        return jsonify({palette: ["red", "green"]})

    Swagger(app)
    return app


def flask_admin(folder: Path) -> Any:
    from flask import Flask
    from flask_admin import Admin
    from flask_admin.contrib.sqla import ModelView
    from flask_sqlalchemy import SQLAlchemy

    app = Flask(__name__)
    app.config.update(SECRET_KEY=PASSWORD, SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/admin.db")
    database = SQLAlchemy(app)

    class Bridge(database.Model):
        id = database.Column(database.Integer, primary_key=True)
        name = database.Column(database.String(80))

    class Bridges(ModelView):
        can_export = True

    Admin(app, name="Bridges").add_view(Bridges(Bridge, database.session))
    with app.app_context():
        database.create_all()
        database.session.add(Bridge(name="Chaotianmen"))
        database.session.commit()
    return app


def flask_appbuilder(folder: Path) -> Any:
    from flask import Flask
    from flask_appbuilder import AppBuilder, ModelView
    from flask_appbuilder.models.sqla.interface import SQLAInterface
    from flask_appbuilder.utils.legacy import get_sqla_class
    from sqlalchemy import Column, Integer, String

    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=PASSWORD,
        SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder}/builder.db",
        WTF_CSRF_ENABLED=True,
        FAB_API_SWAGGER_UI=True,
    )
    database = get_sqla_class()(app)

    class Bridge(database.Model):
        id = Column(Integer, primary_key=True)
        name = Column(String(80), nullable=False)

    class Bridges(ModelView):
        datamodel = SQLAInterface(Bridge)
        list_columns = ["name"]

    with app.app_context():
        builder = AppBuilder(app, database.session)
        builder.add_view(Bridges, "Bridges")
        database.create_all()
        role = builder.sm.find_role("Admin")
        builder.sm.add_user("admin", "Ada", "Min", "ada@example.org", role, PASSWORD)
    return app


def httpbin(folder: Path) -> Any:
    from httpbin import app

    return app


def ihatemoney(folder: Path) -> Any:
    from ihatemoney.run import create_app

    settings = folder / "settings.py"
    settings.write_text(
        f"SECRET_KEY = {PASSWORD!r}\nSQLALCHEMY_DATABASE_URI = 'sqlite:///{folder}/money.db'\n"
        "ALLOW_PUBLIC_PROJECT_CREATION = True\nSESSION_COOKIE_SECURE = False\nENABLE_CAPTCHA = False\n"
    )
    os.environ["IHATEMONEY_SETTINGS_FILE_PATH"] = str(settings)
    return create_app(instance_path=str(folder))


def isso(folder: Path) -> Any:
    from isso import config, make_app

    settings = folder / "isso.cfg"
    settings.write_text(
        f"[general]\ndbpath = {folder}/comments.db\nhost = http://127.0.0.1/\n"
        f"[admin]\nenabled = true\npassword = {PASSWORD}\n[guard]\nenabled = false\n"
    )
    return make_app(config.load(config.default_file(), str(settings)), threading=True)


def lektor(folder: Path) -> Any:
    from lektor.admin.webui import WebAdmin
    from lektor.builder import Builder
    from lektor.environment import Environment
    from lektor.project import Project

    for name, text in {
        "site.lektorproject": "[project]\nname = Bridges\n",
        "models/page.ini": "[model]\nname = Page\n[fields.title]\ntype = string\n[fields.body]\ntype = markdown\n",
        "content/contents.lr": "_model: page\n---\ntitle: Bridges\n---\nbody: Over the river.\n",
        "templates/page.html": "<!doctype html><html lang=en><title>{{ this.title }}</title>"
        "<body><h1>{{ this.title }}</h1>{{ this.body }}</body></html>",
    }.items():
        (folder / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "site" / name).write_text(text)
    environment = Environment(Project.from_path(str(folder / "site")))
    built = str(folder / "built")
    Builder(environment.new_pad(), built).build_all()
    return WebAdmin(environment, output_path=built)


def locust(folder: Path) -> Any:
    from locust import HttpUser, task
    from locust.env import Environment

    class Reader(HttpUser):
        host = "http://127.0.0.1:9"

        @task
        def read(self) -> None:
            self.client.get("/")

    environment = Environment(user_classes=[Reader])
    environment.create_local_runner()
    return environment.create_web_ui("127.0.0.1", 0, delayed_start=True).app


def mlflow(folder: Path) -> Any:
    os.environ |= {
        "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/mlflow.db",
        "_MLFLOW_SERVER_ARTIFACT_ROOT": str(folder / "artifacts"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": PASSWORD,
    }
    from mlflow.server import app

    return app


def rq_dashboard(folder: Path) -> Any:
    from rq_dashboard.cli import make_flask_app

    app = make_flask_app(None, None, None, "/rq")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], cwd=folder)
    app.config.update(RQ_DASHBOARD_REDIS_URL=[f"redis://127.0.0.1:{port}"], SECRET_KEY=PASSWORD)
    from rq_dashboard.web import setup_rq_connection

    setup_rq_connection(app)
    return app


def supysonic(folder: Path) -> Any:
    from supysonic.config import DefaultConfig
    from supysonic.db import init_database, release_database
    from supysonic.managers.user import UserManager
    from supysonic.web import create_application

    DefaultConfig.BASE |= {"database_uri": f"sqlite:///{folder}/music.db"}
    DefaultConfig.WEBAPP |= {"cache_dir": str(folder / "cache")}
    init_database(DefaultConfig.BASE["database_uri"])
    UserManager.add("admin", PASSWORD, admin=True)
    release_database()
    return create_application(DefaultConfig())


def whoogle(folder: Path) -> Any:
    os.environ |= {"CONFIG_VOLUME": str(folder)}
    from app import app

    return app


STARTS: dict[str, Callable[[Path], Any]] = {
    name.replace("_", "-"): function
    for name, function in list(globals().items())
    if callable(function) and getattr(function, "__module__", None) == __name__
}
