"""The parts of the HTML syntax that the scans read, as regular expressions over bytes.

Every pattern accepts only what the tokenizer of the HTML standard (section 13.2.5) reads in one way whatever
stands before it; what it does not accept is not wrong, only unproven, and goes the careful way. All of them
use possessive repetition, so that none can be made to take more than linear time.
"""

from __future__ import annotations

import re

WS = rb"[ \t\n\f\r]"
NAME_END = rb"(?=[ \t\n\f\r/>])"

# A tag after its name, to its ">". Exactly the tokenizer's reading: a quote opens a value only after "=", and is
# part of a name or of an unquoted value anywhere else.
ATTRIBUTES = (
    NAME_END + rb"(?:[ \t\n\f\r/]*+[^ \t\n\f\r/>][^ \t\n\f\r/>=]*+(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+"
    rb"(?:\"[^\"]*+\"|'[^']*+'|[^ \t\n\f\r\"'>][^ \t\n\f\r>]*+|(?=>))|(?![ \t\n\f\r]*+=)))*+[ \t\n\f\r/]*+>"
)
# The same where no "<" hides in it, for what is read in two ways.
_BARE = NAME_END + rb"(?=[^<>\"']*+(?:(?:\"[^\"<]*+\"|'[^'<]*+')[^<>\"']*+)*+>)" + ATTRIBUTES
# A comment after its "<", as the tokenizer ends it: "<!-->" and "<!--->" at once, else at "-->" or "--!>".
COMMENT = rb"!--(?:-?>|[^-]*+(?:-(?!-!?>)[^-]*+)*+--!?>)"


def raw(name: bytes) -> bytes:
    """Return the pattern of an element whose content is text up to its own end tag, after the "<"."""
    letters = b"".join(b"[%c%c]" % (c, c - 32) for c in name)
    end = rb"/" + letters + NAME_END
    return letters + ATTRIBUTES + rb"[^<]*+(?:<(?!" + end + rb")[^<]*+)*+</" + letters + WS + rb"*+>"


# What changes the meaning of a script's text: where it does not, where it is escaped by "<!--", and where a "<script"
# has made the next "</script" part of it (script data escaped and double escaped states, 13.2.5.15 to 13.2.5.31).
_TAG = rb"[sS][cC][rR][iI][pP][tT]" + NAME_END
SCRIPT_MARKS = (rb"</" + _TAG, rb"<!--")
ESCAPED_MARKS = (rb"</" + _TAG, rb"<" + _TAG, rb"-->")
DOUBLE_MARKS = (rb"</" + _TAG, rb"-->")


def _until(marks: tuple[bytes, ...]) -> bytes:
    """Return the pattern of a text up to the first of *marks*."""
    rests: dict[bytes, list[bytes]] = {}
    for mark in marks:
        rests.setdefault(mark[:1], []).append(mark[1:])
    others = rb"[^%b]*+" % b"".join(rests)
    passed = b"|".join(first + b"(?!" + b"|".join(ends) + b")" for first, ends in rests.items())
    return others + b"(?:(?:" + passed + b")" + others + b")*+"


_ESCAPED = (
    _until(ESCAPED_MARKS)
    + rb"(?:<"
    + _TAG
    + _until(DOUBLE_MARKS)
    + rb"(?:</"
    + _TAG
    + rb"|(?=-->))"
    + _until(ESCAPED_MARKS)
    + rb")*+"
)
SCRIPT = (
    rb"[sS][cC][rR][iI][pP][tT]"
    + ATTRIBUTES
    + _until(SCRIPT_MARKS)
    + rb"(?:<!--(?:-*+>|"
    + _ESCAPED
    + rb"-->)"
    + _until(SCRIPT_MARKS)
    + rb")*+(?:<!--"
    + _ESCAPED
    + rb")?+</[sS][cC][rR][iI][pP][tT]"
    + WS
    + rb"*+>"
)
RAW = rb"|".join(
    [SCRIPT, *(raw(name) for name in (b"style", b"title", b"textarea", b"iframe", b"xmp", b"noembed", b"noframes"))]
)

# <noscript> is text to a browser with scripting and markup to one without: only content that both read alike and
# that leaves nothing open: void elements, comments and closed elements, two deep.
_VOID_BARE = rb"(?:img|br|meta|link|input|hr)" + _BARE


def _closed(names: bytes, content: bytes) -> bytes:
    return rb"|".join(name + _BARE + content + rb"</" + name + rb">" for name in names.split())


_LEAF = _closed(b"iframe style p div span a strong b i em center h1 h2 h3 li", rb"[^<]*+")
_BRANCH = _closed(b"p div span a center ul", rb"[^<]*+(?:<(?:" + _VOID_BARE + rb"|" + _LEAF + rb")[^<]*+)*+")
_PLAIN = rb"|".join([_VOID_BARE, _LEAF, _BRANCH, rb"!--(?!-?>)[^<-]*+(?:-(?!-!?>)[^<-]*+)*+-->"])
_NOSCRIPT = rb"[nN][oO][sS][cC][rR][iI][pP][tT]"
NOSCRIPT = _NOSCRIPT + _BARE + rb"[^<]*+(?:<(?:" + _PLAIN + rb")[^<]*+)*+</" + _NOSCRIPT + WS + rb"*+>"
# In <select> a parser of 2024 drops most tags and one of 2026 keeps them: only options with text.
SELECT = (
    rb"select"
    + ATTRIBUTES
    + rb"[^<]*+(?:<(?:/?(?:option|optgroup)|hr)"
    + ATTRIBUTES
    + rb"[^<]*+|<"
    + COMMENT
    + rb"[^<]*+)*+</select"
    + WS
    + rb"*+>"
)
# Foreign content without integration points that hold elements and without names that break out of it
# (section 13.2.6.5), so that "</svg>" closes whatever is open.
_SVG = (
    rb"(?:g|path|rect|circle|ellipse|line|polyline|polygon|defs|use|symbol|stop|mask|marker|pattern|filter|text|tspan|textPath"
    rb"|clipPath|clippath|linearGradient|lineargradient|radialGradient|radialgradient|image|switch|animate|animateTransform|animateMotion|set|metadata"
    rb"|fe[A-Z][A-Za-z]*+)"
)
SVG = (
    rb"svg"
    + ATTRIBUTES
    + rb"(?<!/>)[^<]*+(?:<(?:/?"
    + _SVG
    + ATTRIBUTES
    + rb"|(?:title|desc|style)"
    + ATTRIBUTES
    + rb"(?<!/>)[^<]*+</(?:title|desc|style)>|"
    + COMMENT
    + rb")[^<]*+)*+</svg"
    + WS
    + rb"*+>"
)
VOID = rb"(?:img|br|input|hr|source|meta|link|col|wbr|area|param|embed|track|base|basefont|bgsound|frame|image|keygen)"
# "<!" that opens no comment, and "<?": to the first ">" whatever stands between.
BOGUS = rb"(?:!(?!--|\[CDATA\[)|\?)[^>]*+>"
UNIT = rb"|".join([COMMENT, BOGUS, RAW, SELECT, SVG])


def compiled(pattern: bytes) -> re.Pattern[bytes]:
    """Compile *pattern*, to be matched at a "<"."""
    return re.compile(rb"<(?:" + pattern + rb")")
