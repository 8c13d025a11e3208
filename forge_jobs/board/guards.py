"""What keeps others out of the board's one form: checks of where a request comes from, and headers for the browser.

What belongs here: hosts, origins, sizes, headers. What does not: passwords; the reverse proxy has those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from forge_resources.errors import ForgeError, InvalidInput

LARGEST_FORM: Final = 64 * 1024

_POLICY = (
    "default-src 'none'; img-src 'self'{elsewhere}; media-src 'self'{elsewhere}; style-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Refused(ForgeError):
    """A request that a page of the board did not send."""

    code = "invalid_input"


class Headers:
    """Middleware: every answer tells the browser to load nothing from elsewhere, and pages are not kept.

    `elsewhere` is the one other address that pictures, sound and video may come from.
    """

    def __init__(self, app: ASGIApp, elsewhere: str = "") -> None:
        self._app = app
        policy = _POLICY.format(elsewhere=f" {elsewhere}" if elsewhere else "")
        self._headers = {"Content-Security-Policy": policy, **_HEADERS}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class Hosts:
    """Middleware: pages are given only under the names of `hosts`, so that no other site's name can be pointed here.

    Probes of an orchestrator ask by address; `/healthz` and `/readyz` answer them all.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = {host.lower() for host in hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in ("/healthz", "/readyz") and "*" not in self._hosts:
            host = _plain(f"http://{RequestHeaders(scope=scope).get('host', '')}")[1]
            if host not in self._hosts:
                said = f"This board does not answer to {host or 'no name'}. FORGE_BOARD_HOSTS lists its names.\n"
                await PlainTextResponse(said, status_code=421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def require_same_site(request: Request, origins: Sequence[str]) -> None:
    """Raises Refused unless a page of this board sent the request: by `Sec-Fetch-Site`, and by `Origin`.

    A login kept by the browser is sent along with what other sites make it post; these two headers it does not let
    them choose. `origins` are the addresses that a reverse proxy shows the board under.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise Refused("This was sent from another site.", remedy="Open the board and approve there.")
    if origin is None:
        raise Refused("This was sent without an origin.", remedy="Open the board and approve there.")
    shown_as = {*origins, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    if _plain(origin) not in {_plain(known) for known in shown_as}:
        raise Refused(
            "This was sent from another site.",
            remedy="Open the board and approve there. Behind a proxy, FORGE_BOARD_ORIGINS names the address it has.",
        )


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form. Raises InvalidInput for another kind of body, one too large, or one that is not UTF-8."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InvalidInput("This is not a form.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_FORM:
            raise InvalidInput("The form is too large.")
    try:
        fields = parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20, encoding="utf-8"
        )
    except ValueError as error:
        raise InvalidInput("The form cannot be read.") from error
    return {name: values[-1] for name, values in fields.items()}


def _plain(origin: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return ("", origin, None)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), port or default
