"""The signals that a host may connect to; each is sent with the application as sender."""

from __future__ import annotations

from blinker import Namespace

_signals = Namespace()

#: A reader agreed; sent with the `Record` as *record*.
consent_given = _signals.signal("consent-given")
#: A reader took an agreement back; sent with the `Record` as *record*.
consent_withdrawn = _signals.signal("consent-withdrawn")
#: A message was accepted.
message_received = _signals.signal("message-received")
#: A report of illegal or undesirable information was accepted.
report_received = _signals.signal("report-received")
