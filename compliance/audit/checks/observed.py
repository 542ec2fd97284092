"""What readers' browsers met, held to the rules: hosts that no list knows, and what scripts do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...outside.hosts import host_of
from ..behaviour import Act, Behaviour
from ..findings import Finding
from ..readers import Reader
from ..recipients import Conduct, Recipient
from ..rules import rules
from ..site import Context
from ..targets import Reason

# The gravest first: one is told.
_CONDUCTS = (
    *(Conduct.KEYS, Conduct.RECORDING, Conduct.FINGERPRINT, Conduct.CACHE),
    *(Conduct.IDENTIFIER, Conduct.COOKIE, Conduct.BEACON),
)
_FINGERPRINTS = frozenset({Act.CANVAS, Act.FONTS, Act.AUDIO, Act.WEBGL})


def observed(recipients: Iterable[Recipient], behaviours: Iterable[Behaviour], context: Context) -> Iterator[Finding]:
    """Yield what is wrong with what was seen."""
    for one in recipients:
        if not one.provider and not one.declared and one.conduct:
            yield from _unlisted(one)
    for behaviour in behaviours:
        yield from _done(behaviour)


def _unlisted(one: Recipient) -> Iterator[Finding]:
    how = Reason(next(f"conduct_{conduct}" for conduct in _CONDUCTS if conduct in one.conduct))
    if Reader.UNDECIDED in one.readers:
        yield _found("C508", one.first, one.host, host=one.host, how=how)
    if Reader.REFUSING in one.readers:
        yield _found("C596", one.first, one.host, host=one.host, how=how)
    if one.named is False:
        yield _found("C310", one.first, one.host, vendor=one.host, host=one.host)


def _done(one: Behaviour) -> Iterator[Finding]:
    unasked = not one.readers.isdisjoint({Reader.UNDECIDED, Reader.REFUSING})
    script = one.script if one.line is None else f"{one.script}:{one.line}"
    host = host_of(one.to) or host_of(one.script)
    if one.act is Act.KEYS:
        yield _found("C599", one.first, one.script, script=one.script, host=host)
    elif one.act is Act.FIELDS:
        yield _found("C509", one.first, script, script=script, host=host_of(one.script))
    elif one.act is Act.CACHE:
        yield _found("C510", one.first, one.script, script=one.script, host=host)
    elif unasked and one.act is Act.RECORDING:
        yield _found("C598", one.first, script, script=script, host=host)
    elif unasked and one.act in _FINGERPRINTS:
        how = Reason(f"fingerprint_{one.act}")
        yield _found("C597", one.first, script, script=script, host=host_of(one.script), how=how)


def _found(rule: str, page: str, excerpt: str, **values: str) -> Finding:
    return Finding(rule=rules()[rule], page=page, excerpt=excerpt, values=values)
