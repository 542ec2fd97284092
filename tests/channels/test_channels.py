"""Notices reach mailboxes, robots and programs, or it is said why not."""

from __future__ import annotations

import base64
import email.utils
import hashlib
import hmac
import json
import pickle
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from compliance.channels import Channel, DeliveryError, International, Mail, Notice, Target, channel
from compliance.channels.connections import is_public
from compliance.channels.mail import Mailbox
from compliance.channels.posts import LONGEST_ANSWER, Poster
from compliance.channels.robots import DingTalk, Feishu, Robot, WeCom, shortened
from compliance.channels.webhook import Webhook
from compliance.errors import ComplianceError
from support.certificates import Authority
from support.examples import examples
from support.receiver import Answer, Receiver
from support.smtp import MailServer

NOW = datetime(2026, 11, 24, 8, 30, 15, 250_000, tzinfo=UTC)
SECRET = "SEC0a1b2c"
TOKEN = "0a1b2c3d"
NOTICE = Notice(
    subject="新举报 3 件",
    text="过去一分钟收到 3 件举报,其中 1 件紧急。",
    link="https://www.ichongqing.info/compliance/",
    dedupe="digest:2026-11-24T08:30",
    data={"count": 3, "receipts": ["CQ-20261124-7K3M9Q-4"]},
)


def mail(server: MailServer, **changes: Any) -> Mail:
    values: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "news@example.cn"}
    return Mail(**values | changes)


def mailbox(server: MailServer, *, to: str = "editors@example.org", timeout: float = 10, **changes: Any) -> Channel:
    return channel(Target(url=to), mail=mail(server, **changes), allow_private=False, timeout=timeout)


def webhook(url: str, *, secret: str | None = None, allow_private: bool = True, timeout: float = 10) -> Channel:
    return channel(Target(url=url, secret=secret), mail=None, allow_private=allow_private, timeout=timeout)


def failure(target: Channel, notice: Notice = NOTICE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        target.send(notice, now=NOW)
    return caught.value


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """An authority that clients trust."""
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.bundle))
    return authority


class Greeter:
    """Says one thing to whoever calls, and hangs up."""

    def __init__(self, listener: socket.socket, greeting: bytes) -> None:
        self._thread = Thread(target=self._greet, args=(listener, greeting))

    def _greet(self, listener: socket.socket, greeting: bytes) -> None:
        connection, _ = listener.accept()
        # A client that has heard enough goes away.
        with connection, suppress(OSError):
            connection.sendall(greeting)
            connection.shutdown(socket.SHUT_WR)
            # Until the client hangs up, too: what is left unread would throw away what was sent.
            while connection.recv(4096):
                pass

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()


# Notices and targets


@pytest.mark.parametrize("dedupe", ["", "a b", "a\r\nBcc: x", "摘要", "x" * 201])
def test_what_stands_in_headers_is_visible_ascii(dedupe: str):
    with pytest.raises(ValueError, match="dedupe"):
        Notice(subject="", text="", dedupe=dedupe)


def test_a_delivery_error_survives_a_process_boundary():
    error = DeliveryError("http 429", retry_after=30)
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, ComplianceError)
    assert str(copy) == "http 429"


def test_secrets_and_addresses_are_not_in_what_is_printed():
    place = Mail(host="localhost", security="none", sender="news@example.cn", password=SECRET)
    for url in (
        "editors@example.org",
        f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}",
        "https://a.test/x",
    ):
        target = Target(url=url, secret=SECRET)
        shown = f"{target} {channel(target, mail=place, allow_private=False, timeout=1)}"
        assert not [part for part in (SECRET, TOKEN, "editors", "a.test") if part in shown]


@pytest.mark.parametrize(
    ("url", "kind", "per_minute"),
    [
        ("editors@example.org", Mailbox, 60),
        ("https://oapi.dingtalk.com/robot/send?access_token=x", DingTalk, 18),
        ("https://OAPI.dingtalk.com:443/robot/send?access_token=x", DingTalk, 18),
        ("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=x", WeCom, 18),
        ("https://open.feishu.cn/open-apis/bot/v2/hook/x", Feishu, 90),
        ("https://open.larksuite.com/open-apis/bot/v2/hook/x", Feishu, 90),
        ("https://hooks.example.org/oapi.dingtalk.com", Webhook, 60),
        ("https://oapi.dingtalk.com.example.org/", Webhook, 60),
    ],
)
def test_a_channel_is_told_by_its_address(url: str, kind: type[Channel], per_minute: int):
    place = Mail(host="localhost", security="none", sender="news@example.cn")
    found = channel(Target(url=url), mail=place, allow_private=False, timeout=1)
    assert isinstance(found, kind)
    assert found.per_minute == per_minute


def test_an_email_address_needs_a_mail_server():
    with pytest.raises(DeliveryError) as caught:
        channel(Target(url="editors@example.org"), mail=None, allow_private=False, timeout=1)
    assert (caught.value.reason, caught.value.permanent) == ("mail", False)


# E-mail


def test_mail_arrives_as_it_was_meant(server: MailServer):
    mailbox(server).send(NOTICE, now=NOW)
    (received,) = server.received
    assert (received.sender, received.recipients) == ("news@example.cn", ("editors@example.org",))
    message = received.message
    assert message["From"] == "news@example.cn"
    assert message["To"] == "editors@example.org"
    assert message["Subject"] == NOTICE.subject
    assert email.utils.parsedate_to_datetime(message["Date"]) == NOW.replace(microsecond=0)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().splitlines() == [NOTICE.text, "", NOTICE.link]
    assert received.content.isascii()
    assert received.client == "example.cn"


def test_a_chinese_subject_is_encoded_however_long_it_is(server: MailServer):
    subject = "关于网络谣言的举报已经受理请及时处理" * 8
    mailbox(server).send(Notice(subject=subject, text="x", dedupe="d"), now=NOW)
    (received,) = server.received
    assert received.message["Subject"] == subject
    head = received.content.partition(b"\r\n\r\n")[0]
    assert b"=?utf-8?" in head
    assert max(map(len, head.split(b"\r\n"))) <= 78


def test_the_message_id_is_the_same_whenever_a_notice_is_sent_again(server: MailServer):
    target = mailbox(server)
    target.send(NOTICE, now=NOW)
    target.send(NOTICE, now=NOW.replace(hour=9))
    target.send(Notice(subject=NOTICE.subject, text=NOTICE.text, dedupe="other"), now=NOW)
    first, again, other = [received.message["Message-ID"] for received in server.received]
    assert first == again != other
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.cn>", first)


@pytest.mark.parametrize("breaks", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00", "\r\n\r\n"])
def test_a_subject_cannot_begin_another_header(server: MailServer, breaks: str):
    mailbox(server).send(Notice(subject=f"a{breaks}Bcc: x@example.com", text="b", dedupe="d"), now=NOW)
    (received,) = server.received
    assert received.message["Bcc"] is None
    assert received.message["Subject"] == "a Bcc: x@example.com"
    assert received.recipients == ("editors@example.org",)


@pytest.mark.parametrize("text", ["a\r\n.\r\nMAIL FROM:<x@example.com>\r\n", ".", "\n..\n", "a\rb", "x" * 3000])
def test_a_text_cannot_end_the_message(server: MailServer, text: str):
    mailbox(server).send(Notice(subject="a", text=text, dedupe="d"), now=NOW)
    (received,) = server.received
    assert received.message.get_content().rstrip().splitlines() == text.rstrip().splitlines()
    assert received.recipients == ("editors@example.org",)


@pytest.mark.parametrize(
    "to",
    ["a@example.org\r\nBcc: b@example.org", "a@example.org, b@example.org", "a@example.org>\r\nRCPT TO:<b@example.org"]
    + ["a@", "@example.org", "", "a b@example.org", "<a@example.org>", "a@b@example.org", "a@\u3002"]
    + ["张 三@example.org", "张三@example.org\r\nBcc: b@example.org", "张三<@example.org", "张三@"],
)
def test_what_is_no_address_is_refused_without_asking_the_server(server: MailServer, to: str):
    error = failure(mailbox(server, to=to))
    assert (error.reason, error.permanent) == ("recipient", True)
    assert server.received == []


def test_a_sender_that_is_no_address_can_be_mended(server: MailServer):
    error = failure(mailbox(server, sender="news"))
    assert (error.reason, error.permanent) == ("sender", False)


@pytest.mark.parametrize("international", [True, False])
def test_a_name_beyond_ascii_needs_a_server_that_takes_it(international: bool):
    with MailServer(international=international) as server:
        asked = International(mail(server))
        assert (asked(), asked()) == (international, international)
        if international:
            mailbox(server, to="张三@例子.中国").send(NOTICE, now=NOW)
            assert server.received[0].recipients == ("张三@xn--fsqu00a.xn--fiqs8s",)
            assert "张三@xn--fsqu00a.xn--fiqs8s" in server.received[0].content.decode()
        else:
            error = failure(mailbox(server, to="张三@例子.中国"))
            assert (error.reason, error.permanent) == ("recipient", True)


@pytest.mark.parametrize("stage", ["away", "unencrypted"])
def test_a_server_that_says_nothing_takes_no_name_beyond_ascii(server: MailServer, stage: str):
    place = mail(server, security="starttls") if stage == "unencrypted" else replace(mail(server), port=1)
    assert not International(place)()


def test_a_domain_in_chinese_is_taken(server: MailServer):
    mailbox(server, to="a@例子.中国").send(NOTICE, now=NOW)
    assert server.received[0].recipients == ("a@xn--fsqu00a.xn--fiqs8s",)


@pytest.mark.parametrize(
    ("stage", "answer", "reason", "permanent"),
    [
        ("RCPT", "550 5.1.1 <editors@example.org> unknown", "recipient", True),
        ("RCPT", "450 4.2.0 <editors@example.org> greylisted", "recipient", False),
        ("MAIL", "553 5.7.1 <news@example.cn> not allowed", "sender", False),
        ("DATA", "554 5.7.1 spam from editors@example.org", "smtp 554", True),
        ("DATA", "452 4.3.1 disk full", "smtp 452", False),
        ("MAIL", "421 4.3.2 going down", "sender", False),
    ],
)
def test_a_refusal_says_whether_it_is_final_and_no_address(
    server: MailServer, stage: str, answer: str, reason: str, permanent: bool
):
    server.refuse[stage] = answer
    error = failure(mailbox(server))
    assert (str(error), error.permanent, error.retry_after) == (reason, permanent, None)
    assert error.__suppress_context__
    assert server.received == []


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("way", ["hang", "drip"])
def test_a_mail_server_that_does_not_come_to_an_end_is_left(server: MailServer, stage: str, way: str):
    getattr(server, way).add(stage)
    error = failure(mailbox(server, timeout=0.5))
    assert (error.reason, error.permanent) == ("timeout", False)


def test_a_mail_server_that_never_greets_is_left():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = Mail(host="127.0.0.1", port=silent.getsockname()[1], security="none", sender="news@example.cn")
        target = channel(Target(url="a@example.org"), mail=place, allow_private=False, timeout=0.3)
        assert failure(target).reason == "timeout"


@pytest.mark.parametrize("way", ["hang", "refuse"])
def test_a_message_that_was_taken_is_delivered_whatever_comes_after(server: MailServer, way: str):
    if way == "hang":
        server.hang.add("QUIT")
    else:
        server.refuse["QUIT"] = "421 too late"
    mailbox(server, timeout=30).send(NOTICE, now=NOW)
    assert len(server.received) == 1


def test_a_mail_server_that_is_not_there_is_tried_again():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    place = Mail(host="127.0.0.1", port=port, security="none", sender="news@example.cn")
    error = failure(channel(Target(url="a@example.org"), mail=place, allow_private=False, timeout=5))
    assert (error.reason, error.permanent) == ("connection", False)


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".test", ""])
def test_a_mail_server_whose_name_is_none_can_be_mended(server: MailServer, host: str):
    error = failure(mailbox(server, host=host, port=1))
    assert (error.reason in ("name", "connection"), error.permanent) == (True, False)


@pytest.mark.parametrize("greeting", [b"554 not today\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_a_greeting_that_is_none_is_no_delivery(greeting: bytes):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = Mail(host="127.0.0.1", port=listener.getsockname()[1], security="none", sender="news@example.cn")
        target = channel(Target(url="a@example.org"), mail=place, allow_private=False, timeout=5)
        with Greeter(listener, greeting):
            error = failure(target)
    assert error.reason in ("smtp 554", "smtp -1", "connection")
    assert not error.permanent


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_before_the_account_is_named(authority: Authority, security: str):
    context = authority.context("127.0.0.1")
    with MailServer(context=context, encrypted=security == "tls", user=("news", "correct horse")) as server:
        mailbox(server, security=security, user="news", password="correct horse").send(NOTICE, now=NOW)
        (received,) = server.received
        assert (received.encrypted, received.user) == (True, "news")
        error = failure(mailbox(server, security=security, user="news", password="wrong"))
        assert (error.reason, error.permanent) == ("login", False)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_for_another_name_is_no_encryption(authority: Authority, security: str):
    context = authority.context("mail.example.org")
    with MailServer(context=context, encrypted=security == "tls") as server:
        error = failure(mailbox(server, security=security))
        assert (error.reason, error.permanent) == ("tls", False)
        assert server.received == []


def test_a_server_without_encryption_gets_no_mail_that_is_to_be_encrypted(server: MailServer):
    assert failure(mailbox(server, security="starttls", user="news", password="x")).reason == "tls"
    assert failure(mailbox(server, security="tls", timeout=2)).reason in ("tls", "timeout")
    assert server.received == []


def test_a_server_that_knows_no_accounts_is_not_used_without_one(server: MailServer):
    assert failure(mailbox(server, user="news", password="x")).reason == "login"


ANYTHING = st.text(st.characters(codec=None), max_size=60)


@settings(max_examples=examples(200))
@given(ANYTHING, ANYTHING, ANYTHING)
@example("a\r\n\r\nb", "\ud800", "a@b.c\r\nX: y")
def test_no_text_brings_a_header_with_it(subject: str, text: str, to: str):
    place = Mail(host="localhost", security="none", sender="news@example.cn")
    notice = Notice(subject=subject, text=text, dedupe="d")
    for recipient in (to, "editors@example.org"):
        try:
            message = Mailbox(recipient=recipient, mail=place, timeout=1).message(notice, NOW)
        except DeliveryError as error:
            assert (recipient, error.reason) == (to, "recipient")
            continue
        head, _, body = message.as_bytes().partition(b"\r\n\r\n")
        names = re.findall(rb"(?m)^([^\s:]+):", head)
        assert names[:6] == [b"From", b"To", b"Subject", b"Date", b"Message-ID", b"Auto-Submitted"]
        assert set(names[6:]) <= {b"Content-Type", b"Content-Transfer-Encoding", b"MIME-Version"}
        assert b"\n" not in body.replace(b"\r\n", b"")


# Connections

PRIVATE = {
    "loopback": ["127.0.0.1", "127.9.9.9", "::1"],
    "private": ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1", "fc00::1", "fd00:ec2::254"],
    "link-local": ["169.254.169.254", "fe80::1", "fe80::1%1"],
    "multicast": ["224.0.0.1", "239.255.255.255", "ff02::1", "ff0e::1"],
    "unspecified": ["0.0.0.0", "::"],
    "reserved": ["240.0.0.1", "255.255.255.255", "192.0.2.1", "2001:db8::1", "100::1", "fec0::1", "4000::1"],
    "mapped": ["::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1", "::127.0.0.1"],
    "special": ["192.0.0.192", "192.0.0.9", "192.88.99.1", "168.63.129.16", "3fff::1", "5f00::1", "2001:20::1"],
    "special within": [
        "::ffff:192.0.0.192",
        "64:ff9b::a83f:8110",
        "2002:c000:c0::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
    "translated": ["64:ff9b::7f00:1", "64:ff9b::169.254.169.254", "64:ff9b:1::1"],
    "tunnelled": ["2002:7f00:1::", "2002:0808:0808::1", "2001::1"],
}
PUBLIC = ["8.8.8.8", "203.119.128.1", "2400:3200::1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", [address for addresses in PRIVATE.values() for address in addresses])
def test_addresses_outside_the_internet_are_told(address: str):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_of_the_internet_are_told(address: str):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_within_an_address_is_judged_as_what_it_leads_to(address: Any):
    assert is_public(f"::ffff:{address}") == is_public(f"64:ff9b::{address}") == is_public(str(address))
    assert not is_public(str(address)) or address.is_global


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "017700000001", "[::1]", "[::ffff:127.0.0.1]"]
    + ["169.254.169.254", "10.0.0.1", "0", "0.0.0.0", "[fd00:ec2::254]", "[::]", "１２７.0.0.1", "127。0。0。1"],
)
def test_private_addresses_are_not_connected_to_however_they_are_written(host: str):
    with Receiver() as receiver:
        error = failure(webhook(f"https://{host}:{receiver.port}/", allow_private=False))
        assert error.reason == "private"
        assert error.permanent
        assert receiver.connections == 0


def resolver(*answers: str | list[str]) -> tuple[Callable[..., list[Any]], list[str]]:
    """A name server that answers one thing after the other, and what it was asked."""
    asked: list[str] = []

    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        answer = answers[len(asked)]
        asked.append(host)
        addresses = [answer] if isinstance(answer, str) else answer
        return [entry for address in addresses for entry in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)]

    return resolve, asked


def hook(url: str, resolve: Callable[..., list[Any]], *, allow_private: bool, timeout: float = 5) -> Webhook:
    return Webhook(url=url, secret=None, poster=Poster(allow_private=allow_private, timeout=timeout, resolve=resolve))


def test_a_name_is_resolved_once_and_that_address_used(authority: Authority):
    with Receiver(authority.context("hooks.test")) as receiver:
        resolve, asked = resolver("127.0.0.1", "192.0.2.1")
        hook(f"https://Hooks.test:{receiver.port}/x", resolve, allow_private=True).send(NOTICE, now=NOW)
        assert asked == ["hooks.test"]
        (post,) = receiver.posts
        assert post.name == "hooks.test"
        assert post.headers["host"] == f"hooks.test:{receiver.port}"


def test_a_name_that_becomes_private_gains_nothing(receiver: Receiver):
    resolve, asked = resolver(["8.8.8.8", "127.0.0.1"], "127.0.0.1")
    error = failure(hook(f"https://hooks.test:{receiver.port}/", resolve, allow_private=False))
    assert (error.reason, asked) == ("private", ["hooks.test"])
    assert receiver.connections == 0


def test_an_address_that_does_not_answer_leaves_the_others(receiver: Receiver):
    resolve, _ = resolver(["127.0.0.2", "127.0.0.1"])
    hook(f"http://hooks.test:{receiver.port}/", resolve, allow_private=True).send(NOTICE, now=NOW)
    assert len(receiver.posts) == 1


def test_an_address_of_a_kind_that_the_machine_has_not_leaves_the_others(receiver: Receiver):
    place = ("127.0.0.1", receiver.port)

    def resolve(*_: Any, **__: Any) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 0, "", place) for family in (9999, socket.AF_INET)]

    hook(f"http://hooks.test:{receiver.port}/", resolve, allow_private=True).send(NOTICE, now=NOW)
    assert len(receiver.posts) == 1


def test_a_name_server_that_is_silent_is_not_waited_for():
    over = Event()
    error = failure(hook("https://hooks.test/", lambda *_, **__: over.wait(60) and [], allow_private=True, timeout=0.2))
    assert (error.reason, error.permanent) == ("timeout", False)
    over.set()


@pytest.mark.parametrize(
    ("url", "reason", "permanent"),
    [
        ("https://does-not-exist.invalid/", "name", False),
        ("http://www.example.org/", "https", True),
        ("ftp://www.example.org/", "address", True),
        ("https://user:word@www.example.org/", "address", True),
        ("https:///path", "address", True),
        ("https://www.example.org:99999/", "address", True),
        ("https://[::1/", "address", True),
        ("https://a..b/", "address", True),
        (f"https://{'a' * 64}.test/", "address", True),
        ("https://www.example.org/\ud800", "address", True),
        ("javascript://alert(1)", "address", True),
    ],
)
def test_what_is_no_address_for_https_is_refused(url: str, reason: str, permanent: bool):
    def resolve(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror

    with pytest.raises(DeliveryError) as caught:
        channel(Target(url=url), mail=None, allow_private=False, timeout=5)
        hook(url, resolve, allow_private=False).send(NOTICE, now=NOW)
    assert (caught.value.reason, caught.value.permanent) == (reason, permanent)
    assert str(caught.value) == reason


@pytest.mark.parametrize("name", ["other.test", None])
def test_a_certificate_must_be_for_the_name_and_from_somebody_known(
    tmp_path: Path, authority: Authority, name: str | None
):
    (tmp_path / "stranger").mkdir()
    context = Authority(tmp_path / "stranger").context("localhost") if name is None else authority.context(name)
    with Receiver(context) as receiver:
        error = failure(webhook(f"https://localhost:{receiver.port}/"))
        assert (error.reason, error.permanent) == ("tls", False)
        assert receiver.posts == []


def test_a_peer_that_speaks_no_tls_is_told(receiver: Receiver):
    assert failure(webhook(f"https://localhost:{receiver.port}/", timeout=2)).reason in ("tls", "timeout", "connection")


def test_a_proxy_in_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    webhook(receiver.url).send(NOTICE, now=NOW)
    assert len(receiver.posts) == 1


# Webhooks


def test_a_webhook_gets_json_for_people_and_for_programs(receiver: Receiver):
    webhook(f"{receiver.url}/hooks/a%20b?x=1&y=中").send(NOTICE, now=NOW)
    (post,) = receiver.posts
    assert post.path == "/hooks/a%20b?x=1&y=%E4%B8%AD"
    assert post.headers["connection"] == "close"
    assert post.headers["content-type"] == "application/json; charset=utf-8"
    assert post.json == {
        "type": "compliance.notice",
        "subject": NOTICE.subject,
        "text": NOTICE.text,
        "link": NOTICE.link,
        "data": {"count": 3, "receipts": ["CQ-20261124-7K3M9Q-4"]},
    }
    assert post.headers["webhook-id"] == NOTICE.dedupe
    assert post.headers["webhook-timestamp"] == "1795509015"
    assert "webhook-signature" not in post.headers


@pytest.mark.parametrize(
    ("secret", "key"),
    [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")),
        ("correct horse 电池", "correct horse 电池".encode()),
        ("whsec_not base64", b"whsec_not base64"),
        ("whsec_no base 64", b"whsec_no base 64"),
    ],
)
def test_a_receiver_can_check_the_signature(receiver: Receiver, secret: str, key: bytes):
    webhook(receiver.url, secret=secret).send(NOTICE, now=NOW)
    (post,) = receiver.posts
    signed = b".".join((post.headers["webhook-id"].encode(), post.headers["webhook-timestamp"].encode(), post.body))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert post.headers["webhook-signature"] == f"v1,{expected}"


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_status_of_success_is_success(receiver: Receiver, status: int):
    receiver.answers = [Answer(status=status)]
    webhook(receiver.url).send(NOTICE, now=NOW)


@pytest.mark.parametrize(
    ("status", "reason", "permanent"),
    [(code, f"http {code}", True) for code in (400, 401, 403, 404, 410, 413, 422)]
    + [(code, f"http {code}", False) for code in (408, 429, 500, 502, 503, 504)]
    + [(code, "redirect", True) for code in (301, 302, 303, 307, 308)],
)
def test_a_status_says_whether_to_try_again(receiver: Receiver, status: int, reason: str, permanent: bool):
    headers = {"Location": f"{receiver.url}/elsewhere"}
    receiver.answers = [Answer(status=status, headers=headers, body=b"secret of the receiver"), Answer()]
    error = failure(webhook(receiver.url))
    assert (str(error), error.permanent, error.retry_after) == (reason, permanent, None)
    assert len(receiver.posts) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), ("soon", None), ("-1", None), ("²", None), ("9" * 30, None)]
)
def test_a_receiver_may_ask_to_be_left_alone(receiver: Receiver, value: str, seconds: int | None):
    receiver.answers = [Answer(status=429, headers={"Retry-After": value})]
    assert failure(webhook(receiver.url)).retry_after == seconds


def test_a_receiver_that_does_not_answer_is_left(receiver: Receiver):
    receiver.answers = [Answer(hang=True)]
    error = failure(webhook(receiver.url, timeout=0.5))
    assert (error.reason, error.permanent) == ("timeout", False)


def test_an_answer_without_an_end_is_not_read_to_it(receiver: Receiver):
    receiver.answers = [Answer(drip=True)]
    webhook(receiver.url, timeout=0.5).send(NOTICE, now=NOW)


def test_headers_without_an_end_are_not_read_to_it():
    answer = b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 9999
    with socket.create_server(("127.0.0.1", 0)) as listener, Greeter(listener, answer):
        error = failure(webhook(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=5))
    assert (error.reason, error.permanent) == ("connection", False)


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 2"])
def test_an_answer_that_is_none_is_no_delivery(answer: bytes):
    with socket.create_server(("127.0.0.1", 0)) as listener, Greeter(listener, answer):
        error = failure(webhook(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout=5))
    assert (error.reason, error.permanent) == ("connection", False)


def test_no_more_of_an_answer_is_read_than_is_needed(receiver: Receiver):
    receiver.answers = [Answer(body=b"x" * (LONGEST_ANSWER * 3))]
    answer = Poster(allow_private=True, timeout=10).post(receiver.url, b"{}")
    assert len(answer.body) == LONGEST_ANSWER


# Robots

OK = {"DingTalk": {"errcode": 0, "errmsg": "ok"}, "WeCom": {"errcode": 0, "errmsg": "ok"}}
OK["Feishu"] = {"StatusCode": 0, "StatusMessage": "success", "code": 0, "data": {}, "msg": "success"}
PATHS: dict[type[Robot], str] = {
    DingTalk: "/robot/send?access_token=x",
    WeCom: "/cgi-bin/webhook/send?key=x",
    Feishu: "/open-apis/bot/v2/hook/x",
}
ROBOTS = list(PATHS)


def robot(kind: type[Robot], receiver: Receiver, secret: str | None = None, timeout: float = 5) -> Robot:
    poster = Poster(allow_private=True, timeout=timeout)
    return kind(url=receiver.url + PATHS[kind], secret=secret, poster=poster)


def says(document: Any, status: int = 200) -> list[Answer]:
    return [Answer(status=status, body=json.dumps(document).encode())]


def said(document: Any) -> str:
    """All that a robot was given to say."""
    if "msgtype" in document:
        assert document["msgtype"] == "text"
        return str(document["text"]["content"])
    post = document["content"]["post"]["zh_cn"]
    return "\n".join((post["title"], *(part["text"] for line in post["content"] for part in line)))


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_says_subject_text_and_link(receiver: Receiver, kind: type[Robot]):
    receiver.answers = says(OK[kind.__name__])
    robot(kind, receiver).send(NOTICE, now=NOW)
    (post,) = receiver.posts
    assert post.path == PATHS[kind]
    assert said(post.json) == f"{NOTICE.subject}\n{NOTICE.text}\n{NOTICE.link}"
    robot(kind, receiver).send(Notice(subject="a", text="b", dedupe="d"), now=NOW)
    assert said(receiver.posts[1].json) == "a\nb"


def test_dingtalk_is_signed_in_the_query(receiver: Receiver):
    receiver.answers = says(OK["DingTalk"])
    robot(DingTalk, receiver, SECRET).send(NOTICE, now=NOW)
    query = parse_qs(urlsplit(receiver.posts[0].path).query, strict_parsing=True)
    digest = hmac.new(SECRET.encode(), f"1795509015250\n{SECRET}".encode(), hashlib.sha256).digest()
    assert query == {
        "access_token": ["x"],
        "timestamp": ["1795509015250"],
        "sign": [base64.b64encode(digest).decode()],
    }


def test_feishu_is_signed_in_the_body(receiver: Receiver):
    receiver.answers = says(OK["Feishu"])
    robot(Feishu, receiver, SECRET).send(NOTICE, now=NOW)
    document = receiver.posts[0].json
    digest = hmac.new(f"1795509015\n{SECRET}".encode(), b"", hashlib.sha256).digest()
    assert (document["timestamp"], document["sign"]) == ("1795509015", base64.b64encode(digest).decode())


def test_nobody_can_make_feishu_call_everybody(receiver: Receiver):
    receiver.answers = says(OK["Feishu"])
    call = '<at user_id="all">所有人</at>'
    robot(Feishu, receiver).send(Notice(subject=call, text=call, dedupe="d"), now=NOW)
    document = receiver.posts[0].json
    assert document["msg_type"] == "post"
    assert document["content"]["post"]["zh_cn"]["content"] == [[{"tag": "text", "text": call}]]


@pytest.mark.parametrize(("kind", "most"), [(DingTalk, 20_000), (WeCom, 2_048), (Feishu, 20_480)])
def test_a_robot_is_given_no_more_than_it_takes(receiver: Receiver, kind: type[Robot], most: int):
    receiver.answers = says(OK[kind.__name__])
    notice = Notice(subject="题" * 9000, text="文" * 9000, link="https://a.test/", dedupe="d")
    robot(kind, receiver).send(notice, now=NOW)
    (post,) = receiver.posts
    text = said(post.json)
    assert len(text.encode() if kind is WeCom else post.body) <= most
    assert text.endswith("…\nhttps://a.test/")
    assert "\ufffd" not in text


@pytest.mark.parametrize("kind", ROBOTS)
@pytest.mark.parametrize("status", [200, 400])
def test_an_error_is_an_error_whatever_the_status(receiver: Receiver, kind: type[Robot], status: int):
    name = "code" if kind is Feishu else "errcode"
    receiver.answers = says({name: 310000, "errmsg": f"sign not match for {TOKEN}", "StatusCode": 0}, status)
    error = failure(robot(kind, receiver, SECRET))
    assert (str(error), error.permanent, error.retry_after) == ("robot 310000", False, None)


@pytest.mark.parametrize(
    ("kind", "document", "pause"),
    [
        (DingTalk, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}, 600),
        (DingTalk, {"errcode": 410100, "errmsg": "too fast"}, 600),
        (WeCom, {"errcode": 45009, "errmsg": "api freq out of limit"}, 60),
        (Feishu, {"code": 11232, "msg": "frequency limited psm"}, 60),
        (Feishu, {"code": 9499, "msg": "too many request"}, 60),
    ],
)
def test_too_many_messages_make_a_pause(receiver: Receiver, kind: type[Robot], document: Any, pause: int):
    receiver.answers = says(document)
    error = failure(robot(kind, receiver))
    assert (error.permanent, error.retry_after) == (False, pause)


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (DingTalk, {"errcode": 400013}),
        (DingTalk, {"errcode": 400101}),
        (WeCom, {"errcode": 93000, "errmsg": "invalid webhook url"}),
        (Feishu, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}),
    ],
)
def test_a_robot_that_is_gone_is_not_tried_again(receiver: Receiver, kind: type[Robot], document: Any):
    receiver.answers = says(document)
    assert failure(robot(kind, receiver)).permanent


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b"null", b'{"errcode": "0"}', b"\xff", b"[" * 60_000])
@pytest.mark.parametrize("kind", ROBOTS)
def test_an_answer_that_cannot_be_understood_is_no_success(receiver: Receiver, kind: type[Robot], body: bytes):
    receiver.answers = [Answer(body=body)]
    error = failure(robot(kind, receiver))
    assert (error.reason, error.permanent) == ("answer", False)


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_that_is_unavailable_is_tried_again(receiver: Receiver, kind: type[Robot]):
    receiver.answers = [Answer(status=503, headers={"Retry-After": "7"}, body=b"busy")]
    error = failure(robot(kind, receiver))
    assert (error.reason, error.permanent, error.retry_after) == ("http 503", False, 7)


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_that_drips_is_left(receiver: Receiver, kind: type[Robot]):
    receiver.answers = [Answer(drip=True)]
    assert failure(robot(kind, receiver, timeout=0.5)).reason in ("answer", "timeout")


@settings(max_examples=examples(50), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec=None), max_size=3000), st.sampled_from(ROBOTS))
@example("\ud800", DingTalk)
def test_any_text_can_be_said(receiver: Receiver, text: str, kind: type[Robot]):
    receiver.answers = says(OK[kind.__name__])
    receiver.posts.clear()
    robot(kind, receiver).send(Notice(subject=text[:9], text=text, dedupe="d"), now=NOW)
    (post,) = receiver.posts
    assert said(post.json).startswith(text[:9].encode("utf-8", "replace").decode())
    webhook(receiver.url).send(Notice(subject=text[:9], text=text, dedupe="d"), now=NOW)
    assert receiver.posts[1].json["text"] == text.encode("utf-8", "replace").decode()


@given(st.text(max_size=40), st.integers(3, 60))
def test_a_text_is_cut_between_characters(text: str, size: int):
    cut = shortened(text, size)
    assert len(cut.encode()) <= size
    assert cut == text or text.startswith(cut.removesuffix("…"))
