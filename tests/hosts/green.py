"""Serve a wrapped host by gevent, read its page from many green threads, print how many different pages they got."""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402 -- gevent patches first
import sys  # noqa: E402
from urllib.request import urlopen  # noqa: E402

from flask import Flask  # noqa: E402
from gevent.pool import Pool  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402

from compliance import Compliance  # noqa: E402

app = Flask("host")
app.config["SECRET_KEY"] = "a long random value"
app.add_url_rule("/", "home", lambda: "<!doctype html><html lang=en><title>News</title><body></body></html>")
Compliance(app, settings=json.loads(sys.argv[1]))
server = WSGIServer(("127.0.0.1", 0), app, log=None)
server.start()
pages = set(Pool(20).imap_unordered(lambda _: urlopen(f"http://127.0.0.1:{server.server_port}/").read(), range(40)))
print(len(pages), all(b'data-compliance="footer"' in page for page in pages))
