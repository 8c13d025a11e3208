"""Calling a remote chat model through LangChain: bounded in time and size, repeated where a fault may pass.

What belongs here: one call and its repeats. What does not: which model with which settings (see `engines`), what a
fault means (see `faults`), or what a reply says (see `replies`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from forge_resources.errors import TimedOut
from forge_resources.writing.chat.asking import Reply, Spent, Turn
from forge_resources.writing.chat.faults import Passing, fault_of
from forge_resources.writing.chat.recipes import ChatParameters
from forge_resources.writing.chat.replies import LONGEST_REPLY, loops
from forge_resources.writing.chat.settings import WritingSettings

TOOL = "answer"
_TAIL = 4_000
"""Characters of the end of a reply that are looked at for loops."""
_CUT_OFF = frozenset({"length", "max_tokens", "model_length"})
_DECLINED = frozenset({"refusal", "content_filter", "safety"})

_slots: dict[int, threading.BoundedSemaphore] = {}
_slots_lock = threading.Lock()


def call(
    build: Callable[[float], Any],
    parameters: ChatParameters,
    settings: WritingSettings,
    turns: Sequence[Turn],
    spent: Spent,
    key_variable: str,
) -> Reply:
    """A reply to `turns`. `build` makes the LangChain model for a limit in seconds.

    Rate limits, faults of the server and time-outs are repeated with jitter, or when the server says; all of it within
    what is left of `patience_s`. Raises an error of the family.
    """

    def once() -> Reply:
        asked = time.monotonic()
        with _slot(settings.calls_at_once):
            # Waiting for calls of other cells to end is not the server's fault.
            spent.queued_s += time.monotonic() - asked
            spent.calls += 1
            limit_s = min(parameters.timeout_s, max(spent.left_s(parameters.patience_s), 0.1))
            return _call_once(build, parameters, turns, limit_s, key_variable)

    jittered = wait_random_exponential(multiplier=settings.first_wait_s, max=settings.longest_wait_s)

    def wait(state: RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        asked = fault.after_s if isinstance(fault, Passing) else None
        return jittered(state) if asked is None else asked + jittered(state) * 0.1

    def stop(state: RetryCallState) -> bool:
        return state.attempt_number > settings.repeats or state.upcoming_sleep > spent.left_s(parameters.patience_s)

    def sleep(seconds: float) -> None:
        spent.waited_s += seconds
        time.sleep(seconds)

    retrying = Retrying(retry=retry_if_exception_type(Passing), wait=wait, stop=stop, sleep=sleep, reraise=True)
    try:
        return retrying(once)
    except Passing as fault:
        raise fault.told from None


def _slot(calls_at_once: int) -> threading.BoundedSemaphore:
    with _slots_lock:
        return _slots.setdefault(calls_at_once, threading.BoundedSemaphore(calls_at_once))


def _call_once(
    build: Callable[[float], Any], parameters: ChatParameters, turns: Sequence[Turn], limit_s: float, key_variable: str
) -> Reply:
    """One request, given up after `limit_s` however slowly it drips. Raises Passing or an error of the family."""
    outcome: list[Reply | Exception] = []
    given_up = threading.Event()
    model = build(limit_s)

    def work() -> None:
        try:
            outcome.append(_stream(model, parameters, turns, given_up))
        except Exception as error:  # noqa: BLE001 -- handed to the thread that waits, which names it
            outcome.append(error)

    worker = threading.Thread(target=work, name="chat-call", daemon=True)
    worker.start()
    worker.join(limit_s + 0.5)
    if not outcome:
        given_up.set()
        raise Passing(
            TimedOut(
                f"The server of {parameters.model} ({parameters.server}) did not finish within {limit_s:.3g} s.",
                remedy="Raise `timeout_s` for this node, or choose a faster model.",
            )
        )
    if isinstance(outcome[0], Exception):
        error = fault_of(outcome[0], parameters.model, parameters.server, key_variable)
        # What the library raised may hold the request with its key: it is not chained.
        raise error from None
    return outcome[0]


def _stream(model: Any, parameters: ChatParameters, turns: Sequence[Turn], given_up: threading.Event) -> Reply:
    """Reads the reply as it comes, and stops reading where it cannot become one or nobody waits for it any more.

    A stream that stands still ends by the limit that the model was built with. The connection is not closed from the
    outside: the libraries share their clients among all calls of a process.
    """
    # Parts are put together here: the library's own sum of chunks parses the whole again for every part of a tool call.
    said: list[str] = []
    length, checked, tail, ended, declined = 0, 0, "", "", False
    counted: dict[str, int] = {}
    for chunk in _asked_for_a_document(model, parameters).stream([(_ROLES[turn.role], turn.text) for turn in turns]):
        refusal = (getattr(chunk, "additional_kwargs", None) or {}).get("refusal")
        declined = declined or bool(refusal)
        part = _text_of(chunk) or str(refusal or "")
        said.append(part)
        length += len(part)
        tail = (tail + part)[-_TAIL:]
        for name, count in (getattr(chunk, "usage_metadata", None) or {}).items():
            if isinstance(count, int):
                counted[name] = counted.get(name, 0) + count
        told = getattr(chunk, "response_metadata", None) or {}
        ended = str(told.get("finish_reason") or told.get("stop_reason") or ended).casefold()
        if length > LONGEST_REPLY or given_up.is_set():
            break
        if length - checked > _TAIL:
            checked = length
            if loops(tail):
                break
    return Reply(
        text="".join(said),
        input_tokens=counted.get("input_tokens"),
        output_tokens=counted.get("output_tokens"),
        cut_off=ended in _CUT_OFF,
        declined=declined or ended in _DECLINED,
    )


_ROLES = {"system": "system", "user": "human", "assistant": "ai"}


def _asked_for_a_document(model: Any, parameters: ChatParameters) -> Any:
    """The model with the form of its reply, asked for as the server understands it."""
    if parameters.structured in {"json_schema", "json_object"}:
        form: dict[str, Any] = {"type": parameters.structured}
        if parameters.structured == "json_schema":
            form["json_schema"] = {"name": TOOL, "schema": parameters.reply, "strict": True}
        # Not as `response_format`: the library would then parse the reply itself, and fail where it is cut off.
        return model.bind(extra_body={**(model.extra_body or {}), "response_format": form})
    if parameters.structured == "tool":
        tool = {"name": TOOL, "description": "Takes the answer.", "input_schema": parameters.reply}
        return model.bind_tools([tool], tool_choice={"type": "tool", "name": TOOL})
    return model


def _text_of(message: Any) -> str:
    """What a message, or a part of one, says: the arguments of the tool where it was called, else its text."""
    parts = getattr(message, "tool_call_chunks", None) or []
    arguments = "".join(part.get("args") or "" for part in parts)
    if not arguments and (calls := getattr(message, "tool_calls", None)):
        arguments = json.dumps(calls[0]["args"], ensure_ascii=False) if calls[0]["args"] else ""
    content = message.content
    if isinstance(content, list):
        content = "".join(
            block if isinstance(block, str) else str(block.get("text") or "")
            for block in content
            if isinstance(block, str) or block.get("type") == "text"
        )
    return arguments or str(content)
