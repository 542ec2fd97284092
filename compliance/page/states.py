"""Inline scripts that only keep data for others: what their data mentions is not loaded by them.

The one rule for the gate and for ``check``. It is on the safe side: a script is data only where every token of it is
one of a state, so that it calls nothing, makes nothing and gives no element an address.
"""

from __future__ import annotations

import re

# How the server renderer of Vue takes its own script out of the page again.
_LEAVES = (
    r"\(function\(\)\{var s;\(s=document\.currentScript\|\|document\.scripts\[document\.scripts\.length-1\]\)"
    r"\.parentNode\.removeChild\(s\);?\}\(\)\);?"
)
# What a state calls: none of it asks for anything. A function may be called where it stands.
_CALLED = (
    r"(?:function(?:\s++[\w$]++)?|return|JSON\s*+\.\s*+parse|Object\s*+\.\s*+(?:freeze|assign)|push|atob|unescape|"
    r"decodeURI(?:Component)?|new\s++(?:Date|Map|Set)|Array)(?=\s*+[(\"'])"
)
# What loads, or leads to something that does.
_LOADERS = r"(?:new|import|document|eval|class|async|await|with)(?![\w$])(?!\s*+:)|location(?=\s*+(?:=(?!=)|\.|\[))"
# What gives an element an address or content.
_ADDRESSED = r"\.\s*+(?:src|srcset|srcdoc|href|poster|background\w*|style|cssText|innerHTML|outerHTML)\s*+=(?!=)"
_BARE = re.compile(r"(?:\s++|/\*.*?\*/|//[^\n\r\u2028\u2029]*+)*+[\"'{\[]", re.DOTALL)
_TOKENS = re.compile(
    r"(?:"
    r"\s++"
    r"|\"(?:[^\"\\\n]|\\.)*+\"(?!\s*+\()|'(?:[^'\\\n]|\\.)*+'(?!\s*+\()"
    rf"|{_LEAVES}"
    rf"|(?<![\w$]){_CALLED}"
    rf"|(?!{_LOADERS})[\w$]++(?!\s*+[(\"'])"
    rf"|(?!{_ADDRESSED})\."
    # Any key of the window, else none that is put together.
    r"|(?<=window)\[\s*+(?:\"[\w$]*+\"|'[\w$]*+')\s*+\](?!\s*+\()"
    r"|\](?!\s*+(?:\(|=(?!=)))"
    r"|\}\s*+\)\s*+\(|\)(?!\s*+\()"
    r"|(?:/\*.*?\*/|//[^\n\r\u2028\u2029]*+)(?!\s*+\()"
    r"|[{}\[(:,;=|&?!+-]"
    r")*+",
    re.DOTALL,
)


def is_state(text: str) -> bool:
    """Return whether the script *text* is data: assigned, or pushed onto a list, and nothing else.

    What begins with a value keeps it nowhere, as do rules by which the browser fetches ahead: it is no state. Reading
    ends with the first token of another kind, so that code costs little.
    """
    return _BARE.match(text) is None and _TOKENS.fullmatch(text) is not None
