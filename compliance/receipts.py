"""Receipt numbers with their check character, and secret codes.

Both are made to be copied by hand and read over the telephone: Crockford's 32 characters, in which no two look alike,
and a reading that forgives what a keyboard or a form adds.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import unicodedata
from collections.abc import Callable
from datetime import date
from uuid import UUID

from .outside.text import normalised

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: without I, L, O and U
_LOOKALIKES = str.maketrans("OIL", "011")
_LETTERS = str.maketrans("01", "OI")
_NUMBER = re.compile(r"([A-Z01]{1,6})([0-9OIL]{8})([0-9A-TV-Z]{6})([0-9A-TV-Z])")
# No number and no code is longer, whatever stands between its characters.
_LONGEST = 64


def new_number(prefix: str, day: date, random: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """Return a number such as `CQ-20261124-7K3M9Q-4`: *prefix* (capital letters), *day* in Shanghai, 30 random bits.

    Numbers tell cases apart and guard nothing: on a day of 10,000 messages two are alike once in twenty such days, so
    whoever keeps them asks for another one where a number is taken.
    """
    return _written(prefix, f"{day:%Y%m%d}", random_characters(random(4), 6))


def read_number(text: str) -> str | None:
    """Return the number in *text* as `new_number` writes it, or None where it is none or its check does not fit.

    Forgiven are lower case, full-width characters, spaces and hyphens too many or missing, O for 0, I and L for 1, and
    in the prefix 0 for O and 1 for I.
    """
    if len(text) > _LONGEST or not (found := _NUMBER.fullmatch(_plain(text))):
        return None
    prefix, day, middle, check = found.groups()
    number = _written(prefix.translate(_LETTERS), day.translate(_LOOKALIKES), middle.translate(_LOOKALIKES))
    try:
        date.fromisoformat(number.rsplit("-", 3)[1])
    except ValueError:
        return None
    return number if number[-1] == check.translate(_LOOKALIKES) else None


def new_code(key: bytes, message: UUID, revision: int) -> str:
    """Return the secret code of *message*, such as `ABCD-EFGH-JKLM-NPQR`: 80 bits.

    The same arguments give the same code, so that it can be shown again and need not be kept; another *revision* gives
    another one.
    """
    digest = hmac.digest(key, b"compliance.code" + message.bytes + revision.to_bytes(8, "big"), "sha256")
    return grouped(random_characters(digest, 16))


def read_code(text: str) -> str:
    """Return *text* as a code is written, in groups of four, with the same forgiven as in a number."""
    return grouped(_plain(text).translate(_LOOKALIKES))


def code_hash(code: str) -> str:
    """Return the SHA-256 of *code* in hexadecimal: of any text, with the same forgiven as in a number.

    A plain hash does: 80 random bits are not found by trying.
    """
    return hashlib.sha256(read_code(code).replace("-", "").encode()).hexdigest()


def same_code(typed: str, kept_hash: str) -> bool:
    """Return whether *typed* is the code whose hash was kept, in a time that does not tell where they differ."""
    return hmac.compare_digest(code_hash(typed), kept_hash)


def grouped(code: str) -> str:
    """Return *code* in groups of four, as one copies it."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _plain(text: str) -> str:
    """Return the letters and numbers of *text*, in capitals: without spaces, punctuation and what is not seen."""
    return "".join(
        character
        for character in normalised(text, longest=_LONGEST, form="NFKC").upper()
        if unicodedata.category(character)[0] in "LMN"
    )


def random_characters(random: bytes, count: int) -> str:
    """Return *count* characters for the first bits of *random*, five bits each."""
    bits = int.from_bytes(random, "big") >> (8 * len(random) - 5 * count)
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in reversed(range(count)))


def _written(prefix: str, day: str, middle: str) -> str:
    """Return the whole number, with the check character that belongs to it.

    The check is a weighted sum over the field of 32 elements; the weights are powers of a generator, all different up
    to 31 places. So every single wrong character and every two swapped ones are noticed, wherever they stand.
    """
    total = 0
    for value in (*(ord(letter) - 64 for letter in prefix), *map(_ALPHABET.index, day + middle)):
        total = (total ^ value) << 1
        if total & 32:
            total ^= 0b100101  # x^5 + x^2 + 1 is primitive
    return f"{prefix}-{day}-{middle}-{_ALPHABET[total]}"
