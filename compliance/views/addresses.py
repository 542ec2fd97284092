"""Our addresses below the prefix, and which function answers each."""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """A *path* below the prefix that takes *method*; *view* is a file of this folder and a function in it.

    GET is answered for HEAD, too. What is sent may be a *message*, with pictures.
    """

    path: str
    method: str
    view: str
    message: bool = False

    @property
    def file(self) -> str:
        """The file that answers."""
        return self.view.partition(".")[0]

    @property
    def endpoint(self) -> str:
        """The name of the function in it."""
        return self.view.partition(".")[2]


ADDRESSES = (
    Address("/consent", "GET", "consent.preferences"),
    Address("/consent", "POST", "consent.decide"),
    Address("/consent/kept", "GET", "consent.kept"),
    Address("/legal/<name>", "GET", "legal.legal"),
    Address("/legal/<name>/<version>", "GET", "legal.legal"),
    Address("/legal/<name>/<old>/<new>", "GET", "legal.changes"),
    Address("/corrections", "GET", "legal.corrections"),
    Address("/static/<path:name>", "GET", "legal.static"),
    Address("/mourning", "GET", "legal.mourning"),
    Address("/health", "GET", "health.health"),
    Address("/openapi.json", "GET", "legal.description"),
    Address("/message", "GET", "messages.message"),
    Address("/report", "GET", "messages.report"),
    Address("/message", "POST", "messages.send_message", message=True),
    Address("/report", "POST", "messages.send_report", message=True),
    Address("/challenge/<form>", "GET", "messages.challenge"),
    Address("/case", "GET", "receipts.find"),
    Address("/case", "POST", "receipts.look_up"),
    Address("/receipt/<number>", "GET", "receipts.case"),
    Address("/receipt/<number>", "POST", "receipts.change", message=True),
    Address("/record", "GET", "record.record"),
    Address("/record", "POST", "record.erase"),
)
