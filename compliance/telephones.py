"""Telephone numbers: shown as printed, dialled by an address that works."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .characters import with_ascii_digits, without_invisible
from .errors import Message
from .outside.text import normalised

LONGEST = 200  # characters that are looked at: no number comes near
_EXTENSION = re.compile(r"(?:转|轉|分机|分機|;?ext(?:ension)?[.=]?|x|#):?([0-9]{1,7})$", re.IGNORECASE)
_WRITTEN = re.compile(r"\(?\+?[0-9().-]+")
# Numbers of mainland China as they are dialled after +86: mobile; Beijing and the cities with a two-digit area
# code; all other areas. A hotline such as 12345 or 96096 may stand in the subscriber number's place.
_MAINLAND = re.compile(
    r"1[3-9][0-9]{9}"
    r"|(?:10|2[0-57-9])(?:[2-9][0-9]{7}|12[0-9]{3}|9[0-9]{4,5})"
    r"|[3-9][0-9]{2}(?:[2-9][0-9]{6,7}|12[0-9]{3}|9[0-9]{4,5})"
)
_BETWEEN = re.compile("[/／、,，;；|]|或")
_REST = re.compile("[2-9][0-9]{6,7}")  # of a fixed number, without its area code
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_NATIONWIDE = re.compile(r"[48]00[0-9]{7}")
_SERVICE = re.compile(r"[19][0-9]{2,5}")
_FOREIGN = re.compile(r"\+(?!86)[1-9][0-9]{6,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Telephone:
    """A telephone number: *printed* for the eye, *uri* for the link (RFC 3966); *more* are called as well."""

    printed: str
    uri: str
    more: tuple[Telephone, ...] = ()

    @property
    def every(self) -> tuple[Telephone, ...]:
        """This number and those that are called as well."""
        return (replace(self, more=()), *self.more)


def parse(text: str) -> Telephone:
    """Read the one telephone number that *text* holds; without a country code it is one of mainland China.

    Digits may be those of any script. Service numbers (12377, 110) and 400 and 800 numbers have no international form
    (ITU-T E.164), and are dialled as they are. An extension may follow as 转3, 分机3, ext. 3, x3, #3 or -3.

    Raises `ValueError`, saying what to write.
    """
    written = without_invisible(normalised(text, longest=LONGEST, form="NFKC"))
    written = "".join(with_ascii_digits(written).split())
    if match := _EXTENSION.search(written):
        number, extension = written[: match.start()], match[1]
        dialled = _dial(number)
    else:
        extension = ""
        dialled = _dial(written)
        if not dialled:  # the customary way to print an extension: 023-67158993-801
            number, _, extension = written.rpartition("-")
            dialled = _dial(number) if re.fullmatch("[0-9]{1,6}", extension) else None
    if not dialled:
        raise ValueError(
            Message(
                "give one telephone number with its area or country code, such as '+86-23-67158993' or '023-67158993', "
                "or a service number such as '12377'"
            )
        )
    uri = f"tel:{dialled};ext={extension}" if extension else f"tel:{dialled}"
    return Telephone(printed=" ".join(text.split()), uri=uri)


def parse_all(texts: Sequence[str]) -> Telephone:
    """Read the telephone numbers in *texts*, each of one number or of several with `/`, `、`, `;` or `,` between.

    One that follows another may leave out what they share: 023-67158993/67158994. Raises `ValueError`.
    """
    found: list[Telephone] = []
    for text in texts:
        before = ""
        for part in filter(None, map(str.strip, _BETWEEN.split(text[:LONGEST]))):
            shared = before[: -len(part)] if _REST.fullmatch(part) and len(part) < len(before) else ""
            before = f"{shared}{part}"
            found.append(parse(before))
    if not found:
        return parse("")
    return replace(found[0], more=tuple(dict.fromkeys(found[1:])))


def _dial(number: str) -> str | None:
    """Return what reaches *number* from the widest area: in E.164 where the number has such a form."""
    if not _WRITTEN.fullmatch(number):
        return None
    # "+44 (0)20 …" shows the trunk 0 that callers from abroad leave out; 00 is what mainland China dials for +.
    digits = re.sub(r"[().-]", "", re.sub(r"(?<=[0-9)])\(0\)", "", number))
    digits = re.sub("^00", "+", digits)
    if _FOREIGN.fullmatch(digits):
        return digits
    national = digits.removeprefix("+86")
    if _NATIONWIDE.fullmatch(national):
        return national
    if _SERVICE.fullmatch(digits):
        return digits
    significant = national.removeprefix("0")
    # Without country code or trunk 0 the first digits of a fixed number are no area code.
    placed = digits != significant or _MOBILE.fullmatch(significant)
    return f"+86{significant}" if placed and _MAINLAND.fullmatch(significant) else None
