"""Robots in the group chats of DingTalk, WeCom and Feishu."""

from __future__ import annotations

import hmac
import json
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from .notices import DeliveryError, Notice, shortened
from .posts import Answer, Poster, encoded

_SUBJECT = 1_000  # bytes of a subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot(ABC):
    """The robot at *url*, whose query or path is as secret as the *secret* that it may ask for."""

    url: str = field(repr=False)
    secret: str | None = field(repr=False)
    poster: Poster
    #: Somewhat under what the service allows: over it, some of them fall silent for minutes.
    per_minute: ClassVar[int]
    #: The bytes that a message may have, less some for what is around it.
    longest: ClassVar[int]
    #: The codes that say "too many", and for how many seconds the robot then wants to be left alone.
    too_many: ClassVar[Set[int]]
    pause: ClassVar[int]
    #: The codes that say that there is no such robot any more.
    gone: ClassVar[Set[int]]

    def send(self, notice: Notice, *, now: datetime) -> None:
        """Let the robot say *notice*. Raises `DeliveryError`; an error in an answer of status 200 is one, too."""
        url, document = self.message(notice, now)
        answer = self.poster.post(url, encoded(document))
        code = self.code(answer)
        if code in self.too_many:
            raise DeliveryError(f"robot {code}", retry_after=self.pause)
        if code:
            raise DeliveryError(f"robot {code}", permanent=code in self.gone)
        answer.check()
        if code is None:
            raise DeliveryError("answer")

    @abstractmethod
    def message(self, notice: Notice, now: datetime) -> tuple[str, dict[str, Any]]:
        """Return the address to post to, and what; with a secret one of them is signed."""

    def code(self, answer: Answer) -> int | None:
        """Return the error that *answer* names, 0 for none, None where it cannot be understood."""
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            return None
        if not isinstance(document, dict):
            return None
        # Feishu has a name of its own, and one of former times.
        codes = (document.get(name) for name in ("errcode", "code", "StatusCode"))
        return next((code for code in codes if isinstance(code, int)), None)

    def text(self, notice: Notice) -> str:
        """Return *notice* as plain text: the robots make links of addresses, and nothing in it is markup."""
        link = f"\n{notice.link}" if notice.link else ""
        subject = shortened(notice.subject, _SUBJECT)
        room = self.longest - len(f"{subject}\n{link}".encode("utf-8", "replace"))
        return f"{subject}\n{notice.fitting(room)}{link}"

    def signature(self, text: str, key: str) -> str:
        return b64encode(hmac.digest(key.encode(), text.encode(), "sha256")).decode()


class DingTalk(Robot):
    """A robot of DingTalk, at oapi.dingtalk.com.

    Twenty messages a minute, then ten minutes of silence. Signed are the milliseconds and the secret, with the secret
    (open.dingtalk.com, "Custom robot access", read 2026).
    """

    per_minute = 18
    longest = 15_000
    too_many = frozenset({130101, 410100})
    pause = 600
    gone = frozenset({400013, 400101, 400102, 400106})  # the group, the token, the robot: dissolved, unknown, stopped

    def message(self, notice: Notice, now: datetime) -> tuple[str, dict[str, Any]]:
        document = {"msgtype": "text", "text": {"content": self.text(notice)}}
        if not self.secret:
            return self.url, document
        time = str(int(now.timestamp() * 1000))
        signed = urlencode({"timestamp": time, "sign": self.signature(f"{time}\n{self.secret}", self.secret)})
        return f"{self.url}{'&' if urlsplit(self.url).query else '?'}{signed}", document


class WeCom(Robot):
    """A robot of WeCom, at qyapi.weixin.qq.com: twenty messages a minute, short ones, and no signatures."""

    per_minute = 18
    longest = 2_000
    too_many = frozenset({45009})
    pause = 60
    gone = frozenset({93000})

    def message(self, notice: Notice, now: datetime) -> tuple[str, dict[str, Any]]:
        return self.url, {"msgtype": "text", "text": {"content": self.text(notice)}}


class Feishu(Robot):
    """A robot of Feishu, at open.feishu.cn, or of Lark, at open.larksuite.com.

    A hundred messages a minute. The seconds and the secret are the key that signs nothing
    (open.feishu.cn, "Custom bot usage guide", read 2026).
    """

    per_minute = 90
    longest = 15_000
    too_many = frozenset({9499, 11232})
    pause = 60
    gone = frozenset({19001})

    def message(self, notice: Notice, now: datetime) -> tuple[str, dict[str, Any]]:
        # In a message of the kind "text" an <at> would call everybody; in this kind, text is text.
        lines: list[list[dict[str, str]]] = [[{"tag": "text", "text": notice.fitting(self.longest)}]]
        if notice.link:
            lines.append([{"tag": "a", "text": notice.link, "href": notice.link}])
        title = shortened(notice.subject, _SUBJECT)
        document: dict[str, Any] = {
            "msg_type": "post",
            "content": {"post": {"zh_cn": {"title": title, "content": lines}}},
        }
        if self.secret:
            time = str(int(now.timestamp()))
            document |= {"timestamp": time, "sign": self.signature("", f"{time}\n{self.secret}")}
        return self.url, document


ROBOTS: dict[str, type[Robot]] = {
    "oapi.dingtalk.com": DingTalk,
    "qyapi.weixin.qq.com": WeCom,
    "open.feishu.cn": Feishu,
    "open.larksuite.com": Feishu,
}
