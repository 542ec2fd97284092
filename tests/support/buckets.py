"""A store that speaks S3, in a process of its own on loopback, and what a bucket of it really holds."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.request import Request, urlopen

import pytest

from bench.nginx import listens

from .programs import Program, free_ports


class Store:
    """A server of moto, which *program* runs at *endpoint*."""

    def __init__(self, endpoint: str, program: Program) -> None:
        self.endpoint = endpoint
        self.program = program

    def bucket(self, *, versioned: bool = False) -> Objects:
        """Make an empty bucket."""
        made = Objects(self.endpoint, f"bucket-{secrets.token_hex(6)}")
        made.client.create_bucket(Bucket=made.name)
        if versioned:
            made.client.put_bucket_versioning(Bucket=made.name, VersioningConfiguration={"Status": "Enabled"})
        return made

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Let the store know nobody, so that it refuses every log-in, as long as the block goes on."""
        self._ask("reset-auth", b"0")
        try:
            yield
        finally:
            self._ask("reset-auth", b"inf")

    def _ask(self, what: str, data: bytes) -> None:
        with urlopen(
            Request(f"{self.endpoint}/moto-api/{what}", data, {"Content-Type": "text/plain"}, method="POST"), timeout=30
        ) as answer:
            assert answer.status == 200


class Objects:
    """A bucket as the test sees it."""

    def __init__(self, endpoint: str, name: str) -> None:
        self.name = name
        self._endpoint = endpoint

    @property
    def address(self) -> str:
        """What a site writes as `storage.pictures`."""
        return f"s3://{self.name}/some/news?endpoint={self._endpoint}&region=eu-central-1&path_style=true"

    @cached_property
    def client(self) -> Any:
        from botocore.session import Session

        return Session().create_client("s3", endpoint_url=self._endpoint, region_name="us-east-1")

    def all(self) -> dict[str, bytes]:
        """Return every object."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return {one["Key"]: self.client.get_object(Bucket=self.name, Key=one["Key"])["Body"].read() for one in found}

    def versions(self) -> int:
        """Return how many versions there are, those included that say that something was deleted."""
        found = self.client.list_object_versions(Bucket=self.name)
        return len(found.get("Versions", ())) + len(found.get("DeleteMarkers", ()))

    def overwrite(self, content: bytes) -> None:
        """Put *content* in the place of the one object."""
        [key] = self.all()
        self.client.put_object(Bucket=self.name, Key=key, Body=content)


@contextmanager
def served() -> Iterator[Store]:
    """Run a store of this test process's own; skip the test where moto is not installed."""
    pytest.importorskip("moto", reason="moto is not installed")
    [port] = free_ports(1)
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        with Program(command, log=Path(folder, "log"), answers=lambda: listens(port)) as program:
            yield Store(f"http://127.0.0.1:{port}", program)


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    """A store that the tests of a file share."""
    with served() as one:
        yield one


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those that every tool finds in the environment; nothing of this machine's own is looked at."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "reader")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret of the store")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
