"""The board as a web application: routes, and how errors look.

What belongs here: from a request to a page. What does not: what a page shows (see `shelf`), or who may ask (see
`guards`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from mimetypes import guess_type
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from forge_jobs.approving import LONGEST_NAME, LONGEST_NOTE, record_approval
from forge_jobs.board.guards import Headers, Hosts, Refused, form_of, require_same_site
from forge_jobs.board.shelf import BoardShelf, CellPage
from forge_resources.errors import Conflict, ForgeError, InvalidInput, NotFound

log = logging.getLogger("forge.board")

_FILES = {"spot": "Spot", "captions": "Captions", "timeline": "Timeline", "contact_sheet": "Contact sheet"}
_STATUS_CODES = {Refused: 403, NotFound: 404, InvalidInput: 400, Conflict: 409}
_SAFE_TO_SHOW = ("image/png", "video/mp4", "text/vtt")
"""Kinds that a browser shows within a page; everything else is a download."""


@dataclass(frozen=True)
class BoardSettings:
    """`hosts` the board answers to; `origins` a proxy shows it under; `user_header` in which that names the person.

    With `links`, browsers fetch what was delivered to S3 from there.
    """

    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    origins: tuple[str, ...] = ()
    user_header: str = ""
    links: bool = False


class BoardApp:
    """The pages of one deployment."""

    def __init__(self, shelf: BoardShelf, settings: BoardSettings) -> None:
        self._shelf = shelf
        self._settings = settings
        self._pages = _templates()
        cell = "/briefs/{slug}/{market}/{persona}"
        self.app = Starlette(
            routes=[
                Route("/", self._briefs),
                Route("/briefs/{slug}", self._brief),
                Route(cell, self._cell),
                Route(f"{cell}/approval", self._approve, methods=["POST"]),
                Route(f"{cell}/sheet.png", self._sheet),
                Route(f"{cell}/files/{{name:path}}", self._file),
                Route("/healthz", self._healthz),
                Route("/readyz", self._readyz),
                Mount("/static", StaticFiles(packages=[("forge_jobs.board", "static")])),
            ],
            middleware=[
                Middleware(Headers, elsewhere=shelf.address_of_links() if settings.links else ""),
                Middleware(Hosts, hosts=settings.hosts),
            ],
            exception_handlers={ForgeError: self._refused, HTTPException: self._no_page, Exception: self._broken},
        )

    def _briefs(self, request: Request) -> Response:
        return self._page(request, "briefs.html", briefs=self._shelf.briefs())

    def _brief(self, request: Request) -> Response:
        manifest, cells = self._shelf.brief(request.path_params["slug"])
        return self._page(request, "brief.html", brief=manifest.brief, cells=cells)

    def _cell(self, request: Request) -> Response:
        page = self._shelf.cell(**request.path_params)
        return self._cell_page(request, page, note="", name=self._user(request), fault="")

    def _cell_page(self, request: Request, page: CellPage, *, status: int = 200, **form: str) -> Response:
        return self._page(
            request,
            "cell.html",
            status=status,
            page=page,
            cell=page.state.cell,
            brief=page.manifest.brief,
            is_named=bool(self._user(request)),
            just_approved="approved" in request.query_params,
            longest_name=LONGEST_NAME,
            longest_note=LONGEST_NOTE,
            **form,
        )

    async def _approve(self, request: Request) -> Response:
        require_same_site(request, self._settings.origins)
        form = await form_of(request)
        return await run_in_threadpool(self._record, request, form)

    def _record(self, request: Request, form: dict[str, str]) -> Response:
        self._shelf.read(now=True)
        page = self._shelf.cell(**request.path_params)
        name, note = self._user(request) or form.get("name", ""), form.get("note", "")
        if page.manifest.brief.approval != "required":
            raise InvalidInput(f"The brief {page.manifest.slug} does not ask for approval.")
        try:
            record_approval(
                self._shelf.instance,
                self._shelf.studio,
                page.state.cell,
                by=name,
                note=note,
                seen=form.get("sheet") or "none",
            )
        except (InvalidInput, Conflict) as error:
            # What was typed stays, beside what is wrong with it.
            status = _status_code(error)
            return self._cell_page(request, page, status=status, note=note, name=name, fault=str(error))
        log.info("approved", extra={"cell": str(page.state.cell), "by": name, "sheet": page.sheet})
        self._shelf.read(now=True)
        return RedirectResponse(f"{request.url.path.removesuffix('/approval')}?approved", status_code=303)

    def _sheet(self, request: Request) -> Response:
        version = request.query_params.get("v")
        file = self._shelf.sheet_file(**request.path_params, sha256=version)
        headers = {"Cache-Control": "private, max-age=86400, immutable"} if version else None
        return FileResponse(file, media_type="image/png", headers=headers)

    def _file(self, request: Request) -> Response:
        file = self._shelf.delivered(**request.path_params)
        kind = guess_type(file.name)[0] or "application/octet-stream"
        shown = kind in _SAFE_TO_SHOW and "download" not in request.query_params
        name = Path(file.name).name
        disposition = "inline" if shown else "attachment"
        if self._settings.links and (link := self._shelf.link_to(file, kind, f'{disposition}; filename="{name}"')):
            return RedirectResponse(link, status_code=307)
        found = self._shelf.content_of(file)
        if isinstance(found, Path):
            return FileResponse(found, media_type=kind, filename=name, content_disposition_type=disposition)
        # Names are of letters, digits and `@._-`: nothing in them needs quoting.
        return Response(found, media_type=kind, headers={"Content-Disposition": f'{disposition}; filename="{name}"'})

    def _healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    def _readyz(self, _: Request) -> Response:
        """Ready where database and store can be read."""
        try:
            self._shelf.read(now=True)
        except Exception as error:  # noqa: BLE001 -- whatever database and store raise is the answer
            log.warning("not ready: %s: %s", type(error).__name__, error)
            return JSONResponse({"ready": False, "trouble": type(error).__name__}, status_code=503)
        return JSONResponse({"ready": True, "trouble": ""})

    def _user(self, request: Request) -> str:
        """The person whom the reverse proxy has let in; empty where it does not say, or none is trusted to."""
        header = self._settings.user_header
        return request.headers.get(header, "").strip() if header else ""

    def _page(self, request: Request, template: str, *, status: int = 200, **shown: Any) -> HTMLResponse:
        text = self._pages.get_template(template).render(
            now=datetime.now(UTC), user=self._user(request), path=request.url.path, **shown
        )
        return HTMLResponse(text, status_code=status)

    def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, ForgeError)
        return self._page(request, "error.html", status=_status_code(error), message=error.message, remedy=error.remedy)

    def _no_page(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        said = "There is no such page." if error.status_code == 404 else error.detail
        return self._page(request, "error.html", status=error.status_code, message=said, remedy="")

    def _broken(self, request: Request, error: Exception) -> Response:
        log.error("a page broke", exc_info=error, extra={"path": request.url.path})
        said = "Something is wrong on our side; it is in the log."
        return self._page(request, "error.html", status=500, message=said, remedy="Try again in a minute.")


def _status_code(error: ForgeError) -> int:
    return next((code for kind, code in _STATUS_CODES.items() if isinstance(error, kind)), 503)


def _templates() -> Environment:
    pages = Environment(
        loader=PackageLoader("forge_jobs.board"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {"words": _words, "ago": _ago, "size": _size}
    pages.filters.update(filters)
    pages.globals["roles"] = _FILES
    return pages


def _words(status: str) -> str:
    return status.replace("_", " ")


def _ago(since: float | None, now: datetime) -> str:
    """How long ago that was, in one unit."""
    if since is None:
        return ""
    seconds = max(0.0, now.timestamp() - since)
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, size // 1000)} kB"
