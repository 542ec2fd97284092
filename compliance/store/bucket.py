"""A bucket of an S3-compatible store: objects put there, read back, listed and erased, within a time and a size.

Credentials are those that every tool for S3 finds: in the environment (`AWS_ACCESS_KEY_ID`), in the file of
credentials, or from the machine. None stands in the settings.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib.util import find_spec
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from ..errors import BucketError, Message, StoreError
from .breaker import Breaker

# botocore is imported where it is used, at the first picture: no start of a site waits for it.
_CONNECT = 5.0  # seconds to connect, and to send all of an object
_READ = 10.0  # seconds without a byte of the answer
_WHOLE = 30.0  # seconds for all of an object
_PIECE = 64 * 1024
_EXAMPLE = "s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-central-1"
# What every store takes (Amazon S3, bucket naming rules, and characters of keys that are safe everywhere).
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_KEYS = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*")
_OPTIONS = {"endpoint", "region", "path_style"}

_LOGIN = Message(
    "the store refuses the log-in or a right; see to AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and allow this user"
    " to get, put, list and delete there"
)
_REASONS = {
    **dict.fromkeys(("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"), _LOGIN),
    **dict.fromkeys(("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"), _LOGIN),
    "NoSuchBucket": Message("there is no such bucket; make it, or correct the address"),
    "NoSuchKey": Message("an object is not there any more; put back what was deleted in the bucket"),
    "RequestTimeTooSkewed": Message("the clock of this machine is not that of the store; set it"),
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "301", "400"),
        Message("the bucket is in another region, or at another endpoint; name it in the address"),
    ),
}
_AWAY = Message("the store does not answer as it should (%(error)s); see that it runs and can be reached")
#: What a store says that keeps no versions.
_UNVERSIONED = {"NotImplemented", "MethodNotAllowed", "501", "405"}


class Bucket:
    """The part of a bucket below the prefix of *address*, such as `s3://bucket/prefix?endpoint=…&region=…`.

    Keys are relative to the prefix. Everything here raises `BucketError` where the store does not do what it is asked.
    Raises `BucketError` also where the address, or what the extra installs, cannot be used.
    """

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        _check(parts, options)
        self._name, self._prefix = parts.netloc, parts.path.strip("/")
        self._options = options
        self._breaker = Breaker()
        self._lock = Lock()
        self._clients: dict[tuple[int, bool], Any] = {}  # of a process: a child that was forked makes its own

    def put(self, key: str, content: bytes) -> None:
        """Keep *content* under *key*; what is returned from is kept."""
        digest = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        with self._asked() as client:
            client.put_object(Bucket=self._name, Key=self._path(key), Body=content, ContentMD5=digest)

    def get(self, key: str, *, size: int) -> bytes:
        """Return the *size* bytes under *key*; more or fewer are an error, and so is an answer without an end."""
        deadline = monotonic() + _WHOLE
        with self._asked() as client:
            answer = client.get_object(Bucket=self._name, Key=self._path(key))
            with answer["Body"] as body:
                content = bytearray()
                # `body.read` would wait until a piece is whole, however slowly its bytes come.
                while len(content) <= size and (piece := body.read1(_PIECE)):
                    content += piece
                    if monotonic() > deadline:
                        raise BucketError(Message(_AWAY, error="slow"))
        if len(content) != size:
            raise BucketError(Message("an object has another length than what was kept; restore it"))
        return bytes(content)

    def keys(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """Yield each key below *folder* and when it was last changed, those too of which only old versions are left."""
        latest: dict[str, datetime] = {}
        for key, changed in self._listed(self._path(f"{folder}/")):
            if key not in latest and latest:
                yield from latest.items()  # entries of a key follow each other
                latest.clear()
            latest[key] = max(changed, latest.get(key, changed))
        yield from latest.items()

    def erase(self, key: str) -> None:
        """Let go of what is under *key*, with all its versions where the bucket keeps them."""
        path = self._path(key)
        with self._asked() as client:
            answer = client.delete_object(Bucket=self._name, Key=path)
            if not (answer.get("DeleteMarker") or answer.get("VersionId")):
                return
            for version in list(self._versions(client, path)):
                if version["Key"] == path:
                    client.delete_object(Bucket=self._name, Key=path, VersionId=version["VersionId"])

    def look(self, folder: str) -> Iterator[str]:
        """Try all that is needed with an object of its own below *folder*, and yield what is wrong."""
        probe, content = f"{folder}/probe", os.urandom(16)
        try:
            self.put(probe, content)
            if self.get(probe, size=len(content)) != content:
                yield Message("the store gives back something else than what was put there; see to it")
            if self._is_public(probe):
                yield Message("anybody may read the bucket; take that right away")
            next(self.keys(folder), None)
            self.erase(probe)
            if any(key == probe for key, _ in self.keys(folder)):
                yield Message(
                    "the bucket keeps what is erased; allow this user to list and delete versions, and set no lock"
                )
        except StoreError as error:
            yield error.reason

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{key}" if self._prefix else key

    def _listed(self, path: str) -> Iterator[tuple[str, datetime]]:
        start = len(self._path(""))
        with self._asked() as client:
            found = self._versions(client, path) if self._is_versioned(client) else self._objects(client, path)
            first = next(found, None)
        while first is not None:
            yield first["Key"][start:], first["LastModified"]
            with self._asked():
                first = next(found, None)

    def _objects(self, client: Any, path: str) -> Iterator[dict[str, Any]]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._name, Prefix=path)
        return (one for page in pages for one in page.get("Contents", ()))

    def _versions(self, client: Any, path: str) -> Iterator[dict[str, Any]]:
        for page in client.get_paginator("list_object_versions").paginate(Bucket=self._name, Prefix=path):
            entries = (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            yield from sorted(entries, key=lambda one: one["Key"])

    def _is_versioned(self, client: Any) -> bool:
        from botocore.exceptions import ClientError

        try:
            return "Status" in client.get_bucket_versioning(Bucket=self._name)
        except ClientError as error:
            if _code(error) in (*_UNVERSIONED, "AccessDenied", "403"):
                return False
            raise

    def _is_public(self, key: str) -> bool:
        from botocore.exceptions import BotoCoreError, ClientError

        with suppress(BotoCoreError, ClientError):
            self._client(signed=False).get_object(Bucket=self._name, Key=self._path(key))
            return True
        return False

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        """Ask the store within the block; a store that hangs is waited for by one thread alone."""
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
        from urllib3.exceptions import HTTPError

        try:
            with self._breaker.attempt():
                try:
                    yield self._client()
                except ClientError as error:
                    raise BucketError(_REASONS.get(code := _code(error)) or Message(_AWAY, error=code)) from None
                except (BotoCoreError, HTTPClientError, HTTPError, OSError) as error:
                    name = type(error).__name__
                    raise BucketError(_REASONS.get(name) or Message(_AWAY, error=name)) from None
        except BucketError:
            raise
        except StoreError as error:  # of the breaker
            raise BucketError(error.reason) from None

    def _client(self, *, signed: bool = True) -> Any:
        with self._lock:
            if (mine := (os.getpid(), signed)) not in self._clients:
                self._clients[mine] = self._connect(signed)
            return self._clients[mine]

    def _connect(self, signed: bool) -> Any:
        from botocore import UNSIGNED
        from botocore.config import Config
        from botocore.session import Session

        session = Session()
        region = self._options.get("region") or session.get_config_variable("region") or "us-east-1"
        style = {"true": "path", "false": "virtual"}.get(self._options.get("path_style", ""), "auto")
        return session.create_client(
            "s3",
            region_name=region,
            endpoint_url=self._options.get("endpoint"),
            config=Config(
                connect_timeout=_CONNECT,
                read_timeout=_READ,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": style},
                signature_version="s3v4" if signed else UNSIGNED,
                # Many stores know none of the checksums that Amazon's own would be sent with.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )


def _check(parts: SplitResult, options: dict[str, str]) -> None:
    if find_spec("botocore") is None:
        raise BucketError(Message("what speaks to the store is not installed; install flask-compliance[s3]"))
    if "@" in parts.netloc:
        raise BucketError(
            Message("leave user and password out of it; give them as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
        )
    prefix = parts.path.strip("/")
    if parts.scheme != "s3" or not _BUCKET.fullmatch(parts.netloc) or (prefix and not _KEYS.fullmatch(prefix)):
        raise BucketError(Message("it names no bucket; write %(example)s", example=_EXAMPLE))
    if unknown := sorted(options.keys() - _OPTIONS):
        known = ", ".join(sorted(_OPTIONS))
        raise BucketError(
            Message("there is no option %(unknown)s; there are %(known)s", unknown=", ".join(unknown), known=known)
        )
    endpoint = urlsplit(options.get("endpoint", "https://s3.example.org"))
    sound = endpoint.scheme in ("http", "https") and endpoint.hostname and "@" not in endpoint.netloc
    if not sound or options.get("path_style", "true") not in ("true", "false") or options.get("region") == "":
        raise BucketError(Message("an option of it has no value that can be used; write %(example)s", example=_EXAMPLE))


def _code(error: Any) -> str:
    """Return what a store calls an *error*: a word, or else the status of its answer."""
    return str(error.response.get("Error", {}).get("Code") or error.response["ResponseMetadata"]["HTTPStatusCode"])
