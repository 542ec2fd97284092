"""The forms that a report comes in, each a function that yields text piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from ..report import Failed, Report
from .docx import docx
from .html import html
from .json import json
from .junit import junit
from .pdf import pdf
from .sarif import sarif
from .tables import behaviours, consent, recipients, stored
from .xlsx import xlsx

#: Writes reports in a language of the rules.
Form = Callable[[Sequence[Report], str], Iterator[str]]

#: Every form that programs read, by its name.
FORMS: Mapping[str, Form] = MappingProxyType(
    {"json": json, "sarif": sarif, "junit": junit}
    | {"recipients": recipients, "stored": stored, "behaviours": behaviours, "consent": consent}
)

#: Writes reports for people in a language of the rules, and names the targets of which there is none.
Printer = Callable[[Sequence[Report], str, Sequence[Failed]], bytes]

#: Every form that people read, by its name.
PRINTED: Mapping[str, Printer] = MappingProxyType({"html": html, "pdf": pdf, "docx": docx, "xlsx": xlsx})
