"""The forms that a report comes in, each a function that yields text piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from ..report import Report
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

#: Every form that a file can hold, by its name.
FORMS: Mapping[str, Form] = MappingProxyType(
    {"json": json, "sarif": sarif, "junit": junit, "html": html}
    | {"recipients": recipients, "stored": stored, "behaviours": behaviours, "consent": consent}
)

#: Writes reports as a file that is no text.
Printer = Callable[[Sequence[Report], str], bytes]

#: Every form that is no text, by its name.
PRINTED: Mapping[str, Printer] = MappingProxyType({"pdf": pdf, "docx": docx, "xlsx": xlsx})
