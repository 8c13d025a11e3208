"""What went wrong in a call, in the words of the error family, with no key in them.

What belongs here: which fault of a server passes and which does not. What does not: waiting and repeating (see
`calling`).
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from forge_resources.errors import EngineFailed, ForgeError, NotFound, OutOfMemory, TimedOut, Unavailable
from forge_resources.writing.chat.replies import clean_text

KEY_VARIABLES = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")
_KEY_LIKE = re.compile(r"\b(?:sk|key|pk|hf|Bearer)[-_ ][A-Za-z0-9_\-]{8,}")
_PASSING_STATUS = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
_SHORTEST_KEY = 6
_LONGEST_MESSAGE = 20_000
_STATUS_OF_TYPE = {
    "authentication_error": 401, "permission_error": 403, "billing_error": 402, "insufficient_quota": 402,
    "not_found_error": 404, "model_not_found": 404, "invalid_request_error": 400, "rate_limit_error": 429,
    "rate_limit_exceeded": 429, "overloaded_error": 529, "api_error": 500, "server_error": 500, "timeout_error": 504,
}  # fmt: skip
"""What servers call a fault that they tell in the middle of a reply, which began with status 200."""


class Passing(Exception):
    """A fault that may be gone in a while. `told` is what is raised where it is not; `after_s` what the server asks."""

    def __init__(self, told: ForgeError, after_s: float | None = None) -> None:
        super().__init__(told.message)
        self.told = told
        self.after_s = after_s


def without_keys(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """The text without the keys of this process and without what looks like one."""
    for variable in KEY_VARIABLES:
        key = environment.get(variable, "")
        if len(key) >= _SHORTEST_KEY:
            text = text.replace(key, "…")
    return _KEY_LIKE.sub("…", text)


def fault_of(error: Exception, model: str, server: str, key_variable: str) -> ForgeError | Passing:
    """What an exception of a vendor's library means: an error of the family, or one that may pass."""
    said = clean_text(without_keys(str(error)[:_LONGEST_MESSAGE]))[:300]
    where = f"The server of {model} ({server})"
    status = _status_of(error)
    if status is not None:
        return _of_status(status, said, where, model, key_variable, error)
    name = type(error).__name__
    if "Timeout" in name or isinstance(error, TimeoutError):
        return Passing(TimedOut(f"{where} did not answer in time.", remedy="Raise `timeout_s`, or try again later."))
    if "Connect" in name or "RemoteProtocol" in name or "ReadError" in name or isinstance(error, ConnectionError):
        return Passing(Unavailable(f"{where} cannot be reached: {said}", remedy="Start it, or correct its address."))
    if isinstance(error, MemoryError):
        return OutOfMemory(f"There is no memory for the reply of {model}.")
    return EngineFailed(f"{where} sent something that is no reply: {name}: {said}", remedy="Look at the server's log.")


def _status_of(error: Exception) -> int | None:
    """The status of a fault: the response's, or what one told within the stream comes to; None where it has none."""
    status, body = getattr(error, "status_code", None), getattr(error, "body", None)
    told = body.get("error", body) if isinstance(body, dict) else None
    if isinstance(told, dict):
        named = [str(told.get("code")), str(told.get("type"))]
        if "insufficient_quota" in named:
            return 402  # Sent as 429, and waiting does not help.
        if status in {None, 200}:
            numbers = [int(one) for one in named if one.isdigit() and 400 <= int(one) < 600]
            known = [_STATUS_OF_TYPE[one] for one in named if one in _STATUS_OF_TYPE]
            return next(iter([*numbers, *known]), 500)
    return 500 if status == 200 else status


def _of_status(
    status: int, said: str, where: str, model: str, key_variable: str, error: Exception
) -> ForgeError | Passing:
    if status in {401, 403}:
        return Unavailable(f"{where} refuses the key ({status}).", remedy=f"Set {key_variable} to a key that is valid.")
    if status == 404:
        return NotFound(
            f"{where} knows no such model: {said}", remedy="Correct the model's name under `writing`, or the address."
        )
    if status == 402:
        return Unavailable(f"{where} asks to be paid first: {said}", remedy="Settle the account.")
    if status in _PASSING_STATUS or status >= 500:
        what = "is asked too often" if status == 429 else f"fails ({status})"
        told = Unavailable(f"{where} {what}: {said}", remedy="Try again later; what was written is kept.")
        return Passing(told, retry_after(error))
    return EngineFailed(
        f"{where} refuses the call ({status}): {said}",
        remedy="Correct the settings of this node (`structured`, `temperature`, `max_tokens`).",
    )


def retry_after(error: Exception) -> float | None:
    """Seconds that the server asks to wait: `retry-after-ms`, or `Retry-After` as seconds or as a date by its clock."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    if headers is None:
        return None
    milliseconds, said = headers.get("retry-after-ms"), headers.get("retry-after")
    try:
        if milliseconds:
            return max(0.0, float(milliseconds) / 1000)
        if said and said.replace(".", "", 1).isdigit():
            return float(said)
        if said:
            told_at = headers.get("date")
            now = parsedate_to_datetime(told_at).timestamp() if told_at else time.time()
            return max(0.0, parsedate_to_datetime(said).timestamp() - now)
    except (TypeError, ValueError):
        return None
    return None
