"""Our own catalogues, apart from whatever the host translates with: what readers are shown, what owners are told."""

from .owners import LANGUAGES, OWNERS, choose, spoken, tell, terminal, translate
from .readers import Translator, helpers, translator

__all__ = [
    "LANGUAGES",
    "OWNERS",
    "Translator",
    "choose",
    "helpers",
    "spoken",
    "tell",
    "terminal",
    "translate",
    "translator",
]
