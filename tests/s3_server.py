"""A local server that speaks S3's protocol, and an empty bucket on it, for every test that wants one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
import s3fs
from moto.server import ThreadedMotoServer

BUCKET = "forge-bucket"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a running server."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty bucket, as another program sees it; `s3://forge-bucket/` is its address here."""
    for variable, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(variable, value)
    # File systems are kept by fsspec for as long as the process lives, with the server they were opened for.
    s3fs.S3FileSystem.clear_instance_cache()
    made = boto3.resource("s3").create_bucket(Bucket=BUCKET)
    yield made
    made.objects.delete()
    made.delete()
    s3fs.S3FileSystem.clear_instance_cache()
