"""Which fields of a query or form a page asks for."""

from __future__ import annotations

from typing import Any, ClassVar

from werkzeug.datastructures import ImmutableMultiDict


class Recording(ImmutableMultiDict[str, str]):
    """The fields of a query or form; notes which of them a page asks for."""

    asked: ClassVar[set[str]] = set()

    def get(self, key: str, *arguments: Any, **named: Any) -> Any:
        self.asked.add(key)
        return super().get(key, *arguments, **named)

    def getlist(self, key: str, *arguments: Any, **named: Any) -> Any:
        self.asked.add(key)
        return super().getlist(key, *arguments, **named)

    def __getitem__(self, key: str) -> str:
        self.asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.asked.add(str(key))
        return super().__contains__(key)
