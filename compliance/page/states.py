"""Inline scripts that load nothing: what they keep for others, or compare with, is only mentioned.

The one rule for the gate and for ``check``. It is on the safe side: a script loads nothing only where every token of it
is known to, so that it calls nothing else, makes nothing and gives no element an address.
"""

from __future__ import annotations

import re
from functools import cache

# How the server renderer of Vue takes its own script out of the page again.
_LEAVES = (
    r"\(function\(\)\{var s;\(s=document\.currentScript\|\|document\.scripts\[document\.scripts\.length-1\]\)"
    r"\.parentNode\.removeChild\(s\);?\}\(\)\);?"
)
# What may be called: none of it asks for anything. A function may be called where it stands.
_CALLED = (
    r"(?:function(?:\s++[\w$]++)?|return|if|while|switch|case|catch|for|JSON\s*+\.\s*+(?:parse|stringify)|"
    r"Object\s*+\.\s*+(?:freeze|assign|keys|values)|console\s*+\.\s*+\w++|push|atob|unescape|"
    r"(?:de|en)codeURI(?:Component)?|new\s++(?:Date|Map|Set|RegExp|URL|Error)|Array|String|Number|Boolean|parse(?:Int|Float))"
    r"(?=\s*+[(\"'])"
)
# The same of what belongs to something: it looks, or compares.
_METHODS = (
    r"(?:(?:lastI|i)ndexOf|includes|startsWith|endsWith|match|test|search|split|join|slice|substr(?:ing)?|trim|"
    r"to(?:Lower|Upper)Case|toString|hasOwnProperty|getElement(?:ById|sBy\w++)|querySelector(?:All)?|getAttribute|hasAttribute|"
    r"getEntriesBy\w++|(?:get|remove)Item|addEventListener|remove(?:Child|EventListener)?)(?=\s*+\()"
    r"|(?:filter|some|every|map|forEach|find|findIndex)(?=\s*+\(\s*+(?:function(?![\w$])|\(?[\w$,\s]*+\)?\s*+=>))"
    # Settings, kept by what others of the page read.
    r"|(?:extend|constant|value|module)(?=\s*+\()|set(?:Config)?(?=\s*+\(\s*+\{)"
)
_DOCUMENT = (
    r"document\s*+\.\s*+(?:referrer|title|cookie|URL|domain|readyState|hidden|visibilityState|documentElement|body"
    r"|getElement(?:ById|sBy\w++)|querySelector(?:All)?|addEventListener)(?![\w$])"
)
# What loads, or leads to something that does: by NREUM New Relic's own script is told which other one to load.
_LOADERS = (
    r"NREUM(?![\w$])|"
    r"(?:new|import|document|eval|class|async|await|with)(?![\w$])(?!\s*+:)|location(?=\s*+(?:=(?!=)|[\[\]}]|"
    r"\.(?!\s*+(?:href|host(?:name)?|search|pathname|hash|protocol|origin)(?![\w$])(?!\s*+=(?!=)))))"
)
# What gives an element an address or content.
_ADDRESSED = (
    r"\.\s*+(?:src|srcset|srcdoc|href|poster|background\w*|style|cssText|innerHTML|outerHTML)\s*+[+|&?]{0,2}=(?!=)"
)
_BARE = re.compile(r"(?:\s++|/\*.*?\*/|//[^\n\r\u2028\u2029]*+)*+[\"'{\[]", re.DOTALL)
_TOKENS = (
    r"(?:"
    # What data is made of comes first: there may be much of it.
    r"\s++|[{:,;](?!\s*+/)|\}(?!\s*+\))"
    r"|\"(?:[^\"\\\n]|\\.)*+\"(?!\s*+\()|'(?:[^'\\\n]|\\.)*+'(?!\s*+\()"
    rf"|{_LEAVES}"
    rf"|(?<![\w$]){_CALLED}|(?<![\w$]){_DOCUMENT}"
    # An expression stands where nothing could be divided.
    r"|(?:[(=:,\[!&|?;{]|(?<![\w$])return)\s*+/(?![*/])(?:[^/\\\n\[]|\\.|\[(?:[^\]\\\n]|\\.)*+\])++/\w*+"
    rf"|(?!{_LOADERS})[\w$]++(?!\s*+[(\"'`])"
    rf"|(?!{_ADDRESSED})\.(?!\s*+[(\[`])(?:\s*+(?:{_METHODS}))?"
    # Any key of the window, else none that is put together.
    r"|(?<=window)\[\s*+(?:\"[\w$]*+\"|'[\w$]*+')\s*+\](?!\s*+\()"
    r"|\](?!\s*+(?:[(`]|=(?!=)))"
    r"|\}\s*+\)\s*+\(|\)(?!\s*+[(`])"
    r"|(?:/\*.*?\*/|//[^\n\r\u2028\u2029]*+)(?!\s*+\()"
    # Not what begins a comment in old pages.
    r"|[{}\[(:,;=|&?!+*%]|<(?!!--)|-(?!->)|>"
    r")*+"
)
# Where elements are looked for they may be given an address in other ways.
_REACHES = re.compile(r"querySelector|getElement|document\s*\.\s*(?:documentElement|body)")
_GIVES = re.compile(
    r"\.\s*(?:data|action|formAction|ping|content|text|codeBase)\s*[+|&?]{0,2}=(?!=)|(?<![\w$])(?:assign|extend|set)\s*\(|"
    r"\.\s*(?:src|srcset|srcdoc|href|poster|data|action|innerHTML|outerHTML)\s*[\]},]"
)

# A line that is a comment, but where a text may go over several lines.
_COMMENT = re.compile(r"^[ \t]*+//[^\n\r\u2028\u2029]*+", re.MULTILINE)
_SEVERAL_LINES = re.compile(r"`|\\[\n\r\u2028\u2029]")


@cache  # most pages have no script that names a tracker, and the expression takes long to compile
def _tokens() -> re.Pattern[str]:
    return re.compile(_TOKENS, re.DOTALL)


def uncommented(text: str) -> str:
    """Return the script *text* without the lines that are comments: what they name loads nothing."""
    return text if _SEVERAL_LINES.search(text) else _COMMENT.sub("", text)


def loads_nothing(text: str) -> bool:
    """Return whether the script *text* only keeps, pushes and compares data.

    What begins with a value keeps it nowhere, as do rules by which the browser fetches ahead: they may load. Reading
    ends with the first token of another kind, so that code costs little.
    """
    if _BARE.match(text) is not None or _tokens().fullmatch(text) is None:
        return False
    return _REACHES.search(text) is None or _GIVES.search(text) is None
