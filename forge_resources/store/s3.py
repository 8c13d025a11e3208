"""Objects of an S3-compatible service: put whole with checksums, waited for while the service is away, shared by links.

Every put carries the SHA-256 of its bytes, so that the service refuses what was altered on the way. A large file goes
in parts; the object appears when all are there, and an upload that is given up leaves nothing behind. What is slow,
overloaded, cut off or away for a moment is tried again for FORGE_S3_PATIENCE seconds (120).

What belongs here: that. What does not: what the bytes mean; local files (see `files`).
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from upath import UPath

from forge_resources.errors import InvalidInput, Unavailable

log = logging.getLogger("forge.s3")

T = TypeVar("T")

PATIENCE_SECONDS = 120.0
PART_BYTES = 16 * 2**20
"""A file larger than this goes in parts of it. S3 takes parts of 5 MiB or more, and 10,000 of them."""
LINK_MINUTES = 60
LONGEST_LINK_MINUTES = 7 * 24 * 60
"""Signature version 4 allows no longer life."""

_LONGEST_PAUSE_S = 8.0
_SKEW_S = 600.0
_PASSING = frozenset(
    {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "Throttling", "ThrottlingException",
     "IncompleteBody", "BadDigest", "XAmzContentSHA256Mismatch", "OperationAborted", "RequestLimitExceeded"}
)  # fmt: skip
_REMEDIES = {
    "NoSuchBucket": "Create the bucket, or choose another one with FORGE_STORE or FORGE_INBOX.",
    "AccessDenied": "Give these credentials s3:GetObject, PutObject, DeleteObject and AbortMultipartUpload on the "
    "bucket's keys, and s3:ListBucket on the bucket.",
    "InvalidAccessKeyId": "Check AWS_ACCESS_KEY_ID, or the role of this machine.",
    "SignatureDoesNotMatch": "Check AWS_SECRET_ACCESS_KEY and AWS_DEFAULT_REGION.",
    "ExpiredToken": "Renew the credentials.",
    "RequestTimeTooSkewed": "Set this machine's clock, by NTP; the service refuses requests that are 15 minutes off.",
}
_REMEDY = "Check FORGE_STORE and FORGE_INBOX, AWS_ENDPOINT_URL, the credentials and the network; then run again."


def patience_s() -> float:
    """How long a service that is away is waited for."""
    said = os.environ.get("FORGE_S3_PATIENCE", "")
    try:
        return float(said) if said else PATIENCE_SECONDS
    except ValueError:
        raise InvalidInput(f"FORGE_S3_PATIENCE is `{said}`; it must be a number of seconds.") from None


def patiently(place: object, action: Callable[[], T]) -> T:
    """What `action` returns, tried again while what keeps it from that may pass."""
    until = time.monotonic() + patience_s()
    pause = 0.2
    while True:
        try:
            return action()
        except _trouble() as error:
            wait = pause * random.uniform(0.5, 1.0)
            if not may_pass(error) or time.monotonic() + wait > until:
                raise
            log.warning("%s: %s; tried again", place, error)
        time.sleep(wait)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


def may_pass(error: BaseException) -> bool:
    """Whether trying again can help: the service is busy or away, or the connection was cut."""
    answered = _answer(error)
    if answered is not None:
        status = answered.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return _code(answered) in _PASSING or status >= 500
    return any(
        isinstance(cause, (HTTPClientError, *_cut_connection(), ConnectionError, TimeoutError))
        for cause in _chain(error)
    )


@contextmanager
def trouble_told(place: object, doing: str) -> Iterator[None]:
    """Turns what the service or the network says into Unavailable with the remedy. A missing key stays as it is."""
    try:
        yield
    except _trouble() as error:
        answered = _answer(error)
        code = _code(answered) if answered is not None else ""
        if isinstance(error, FileNotFoundError) and code != "NoSuchBucket" and doing == "read":
            raise
        known = next((remedy for name, remedy in _REMEDIES.items() if name in (code, type(error).__name__)), None)
        if isinstance(error, PermissionError) and known is None:
            # An answer without a body, as to HEAD, has no code.
            known = _REMEDIES["RequestTimeTooSkewed" if _clock_is_off(answered) else "AccessDenied"]
        if isinstance(error, FileNotFoundError):
            known = _REMEDIES["NoSuchBucket"]
        raise Unavailable(f"Cannot {doing} {place}: {code or error}", remedy=known or _REMEDY) from error


def read(place: UPath) -> bytes:
    """All bytes of an object. Raises FileNotFoundError for a missing key, Unavailable for all else."""
    with trouble_told(place, "read"):
        data: bytes = patiently(place, lambda: place.fs.cat_file(place.path))
    return data


def put_bytes(place: UPath, data: bytes) -> None:
    """Puts an object whole. Raises Unavailable."""
    bucket, key = _bucket_and_key(place)
    called = {"Bucket": bucket, "Key": key, "Body": data, "ChecksumSHA256": _checksum(data)}
    with trouble_told(place, "write"):
        patiently(place, lambda: place.fs.call_s3("put_object", **called))


def put_file(place: UPath, source: Path) -> None:
    """Puts a local file whole, in parts where it is large. Raises Unavailable."""
    if source.stat().st_size <= PART_BYTES:
        put_bytes(place, source.read_bytes())
        return
    with trouble_told(place, "write"):
        _put_in_parts(place, source)


def _put_in_parts(place: UPath, source: Path) -> None:
    bucket, key = _bucket_and_key(place)
    about = {"Bucket": bucket, "Key": key}
    made = patiently(place, lambda: place.fs.call_s3("create_multipart_upload", **about, ChecksumAlgorithm="SHA256"))
    about["UploadId"] = made["UploadId"]
    try:
        parts = [_put_part(place, about, number, data) for number, data in enumerate(_parts_of(source), start=1)]
        whole = {"Parts": parts}
        patiently(place, lambda: place.fs.call_s3("complete_multipart_upload", **about, MultipartUpload=whole))
    except BaseException:
        # What cannot be told now, the bucket's lifecycle rule does.
        with suppress(*_trouble()):
            place.fs.call_s3("abort_multipart_upload", **about)
        raise


def _put_part(place: UPath, about: dict[str, str], number: int, data: bytes) -> dict[str, Any]:
    checksum = _checksum(data)
    put = patiently(
        place,
        lambda: place.fs.call_s3("upload_part", **about, PartNumber=number, Body=data, ChecksumSHA256=checksum),
    )
    return {"PartNumber": number, "ETag": put["ETag"], "ChecksumSHA256": checksum}


def _parts_of(source: Path) -> Iterator[bytes]:
    with source.open("rb") as stream:
        while data := stream.read(PART_BYTES):
            yield data


def link_minutes() -> int:
    """How long links live: FORGE_LINK_MINUTES, else an hour. Raises InvalidInput."""
    said = os.environ.get("FORGE_LINK_MINUTES") or str(LINK_MINUTES)
    if not said.isdigit() or not 0 < int(said) <= LONGEST_LINK_MINUTES:
        raise InvalidInput(f"FORGE_LINK_MINUTES is `{said}`; it must be 1 to {LONGEST_LINK_MINUTES}.")
    return int(said)


def link_to(place: UPath, minutes: float, **answer: str) -> str:
    """An address of an object that opens without credentials for so long. Raises InvalidInput, Unavailable.

    `answer` are headers that the service shall answer with, such as `ResponseContentType`.
    """
    if not 0 < minutes <= LONGEST_LINK_MINUTES:
        raise InvalidInput(f"A link lives for at most {LONGEST_LINK_MINUTES} minutes, not {minutes:g}.")
    with trouble_told(place, "sign a link to"):
        link: str = place.fs.sign(place.path, expiration=round(minutes * 60), **answer)
    return link


def _bucket_and_key(place: UPath) -> tuple[str, str]:
    bucket, _, key = place.path.lstrip("/").partition("/")
    return bucket, key


def _checksum(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


def _trouble() -> tuple[type[BaseException], ...]:
    """Whatever a call of the service may raise."""
    return (OSError, BotoCoreError, ClientError, *_cut_connection())


def _cut_connection() -> tuple[type[BaseException], ...]:
    """What s3fs lets through of aiohttp, which it loads with its first call; most processes never make one."""
    loaded = sys.modules.get("aiohttp")
    return () if loaded is None else (loaded.ClientError,)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _answer(error: BaseException) -> ClientError | None:
    """What the service answered, where s3fs made another error of it."""
    return next((cause for cause in _chain(error) if isinstance(cause, ClientError)), None)


def _clock_is_off(answered: ClientError | None) -> bool:
    """Whether the service's clock and this machine's are so far apart that it refuses what is signed here."""
    said = answered.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date") if answered else None
    try:
        there = parsedate_to_datetime(said or "").timestamp()
    except ValueError:
        return False
    return abs(there - time.time()) > _SKEW_S


def _code(answered: ClientError) -> str:
    return str(answered.response.get("Error", {}).get("Code", ""))
