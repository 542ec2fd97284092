"""What is looked at in each application: some of its pages, its login, one form, one download, one answer in JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from real.starts import PASSWORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form on the page *at*, its *fields* by their names, and a text that stands there once it is sent."""

    at: str
    fields: Mapping[str, str]
    shows: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application by the name of its file of versions; paths are those of its own server."""

    name: str
    pages: tuple[str, ...]
    login: Form | None = None
    form: Form | None = None
    download: str | None = None
    json: str | None = None


APPLICATIONS = (
    Application(
        name="httpbin",
        pages=("/", "/html", "/forms/post"),
        form=Form(at="/forms/post", fields={"custname": "Ada", "custemail": "ada@example.org"}, shows="custname"),
        download="/image/png",
        json="/json",
    ),
    Application(
        name="isso",
        pages=("/demo/index.html", "/admin/"),
        login=Form(at="/admin/", fields={"password": PASSWORD}, shows="Administration"),
        download="/js/embed.min.js",
        json="/config",
    ),
    Application(
        name="flask-admin",
        pages=("/admin/", "/admin/bridge/", "/admin/bridge/new/"),
        form=Form(at="/admin/bridge/new/", fields={"name": "Dongshuimen"}, shows="Record was successfully created"),
        download="/admin/bridge/export/csv/",
    ),
    Application(
        name="ihatemoney",
        pages=("/", "/river/", "/river/statistics", "/river/edit"),
        login=Form(
            at="/create",
            fields={"name": "River", "contact_email": "ada@example.org", "password": PASSWORD, "id": "river"},
            shows="River",
        ),
        form=Form(at="/river/members/add", fields={"name": "Ada"}, shows="Ada"),
        download="/static/css/main.css",
        json="/river/export/bills.json",
    ),
    Application(
        name="flask-appbuilder",
        pages=("/login/", "/bridges/list/", "/users/list/", "/swagger/v1"),
        login=Form(at="/login/", fields={"username": "admin", "password": PASSWORD}, shows="Security"),
        form=Form(at="/bridges/add", fields={"name": "Chaotianmen"}, shows="Added Row"),
        download="/static/appbuilder/css/ab.css",
        json="/api/v1/_openapi",
    ),
    Application(
        name="calibreweb",
        pages=("/login", "/admin/dbconfig"),
        login=Form(at="/login", fields={"username": "admin", "password": "admin123"}, shows="Calibre"),
        download="/static/css/style.css",
    ),
    Application(
        name="changedetection",
        pages=("/", "/settings", "/imports/import"),
        form=Form(at="/", fields={"url": "https://example.org/river"}, shows="example.org/river"),
        download="/static/images/avatar-256x256.png",
    ),
    Application(name="locust", pages=("/",), download="/stats/requests/csv", json="/tasks"),
    Application(name="lektor", pages=("/", "/admin/edit?path=/"), json="/admin/api/rawrecord?path=/&alt=_primary"),
    Application(name="dash", pages=("/",), json="/_dash-layout", download="/_favicon.ico"),
    Application(name="rq-dashboard", pages=("/rq/", "/rq/0/view/workers"), json="/rq/0/data/queues.json"),
    Application(
        name="whoogle",
        pages=("/",),
        form=Form(at="/", fields={"q": "bridge"}, shows="Error"),
        json="/opensearch.xml",
    ),
    Application(name="beets", pages=("/",), json="/stats"),
    Application(
        name="dtale", pages=("/dtale/main/1",), download="/dtale/data-export/1?type=csv", json="/dtale/dtypes/1"
    ),
    Application(name="mlflow", pages=("/",), download="/version"),
    Application(
        name="supysonic",
        pages=("/user/login", "/", "/user", "/folder", "/playlist"),
        login=Form(at="/user/login", fields={"user": "admin", "password": PASSWORD}, shows="Welcome to Supysonic"),
        form=Form(at="/folder/add", fields={"name": "songs", "path": "/tmp"}, shows="songs"),
        json="/rest/ping.view?f=json&v=1.8.0&c=x&u=admin&p=wrong",
    ),
    Application(
        name="flasgger", pages=("/apidocs/",), json="/apispec_1.json", download="/flasgger_static/favicon-32x32.png"
    ),
)
