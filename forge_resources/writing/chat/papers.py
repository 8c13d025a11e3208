"""From a cleaned reply to a paper: concept, culture, script, review or a picture's description.

What belongs here: what code adds to or keeps from what a model says. What does not: reading replies (see `replies`).
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from forge_resources.schemas.review import Enhanced, Issue, Review
from forge_resources.schemas.script import Camera, Concept, Culture, Script, ScriptRow
from forge_resources.schemas.types import Document
from forge_resources.writing.chat.recipes import ChatParameters, Frame
from forge_resources.writing.chat.replies import ReplyFault


def paper_of(parameters: ChatParameters, reply: dict[str, Any]) -> tuple[Document, dict[str, Any]]:
    """The paper of a node, and facts about it. Raises ReplyFault where the reply makes none."""
    try:
        if parameters.node == "concept":
            return Concept(**reply, tier="full"), {}
        if parameters.node == "culture":
            return Culture(**reply, tier="full"), {}
        if parameters.node == "review":
            return _review(reply), {}
        if parameters.node == "enhancement":
            return Enhanced(**reply, tier="full"), {}
        assert parameters.frame is not None  # every recipe of a script has one
        return _script(parameters.frame, reply["rows"])
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(step) for step in fault["loc"])
        raise ReplyFault("form", f"{place}: {fault['msg']}.") from None


def _review(reply: dict[str, Any]) -> Review:
    def issues(name: str) -> list[Issue]:
        return [Issue(**{key: value for key, value in issue.items() if value != ""}) for issue in reply[name]]

    return Review(culture=issues("culture"), concept=issues("concept"), brand_voice=issues("brand_voice"), tier="full")


def _script(frame: Frame, rows: list[dict[str, Any]]) -> tuple[Script, dict[str, Any]]:
    """The whole script: rows that may not change are those of the draft, seconds those of the script to adapt."""
    if frame.draft is not None and frame.faulty:
        changed = {row["shot"]: row for row in rows}
        made = [_row(frame, row.shot, changed[row.shot]) if row.shot in changed else row for row in frame.draft.rows]
    else:
        made = [_row(frame, shot, row) for shot, row in enumerate(rows, start=1)]
    script = Script(language=frame.language, tier="full", rows=made, legal=frame.legal or None)
    whys = {str(row.get("shot", shot)): row["why"] for shot, row in enumerate(rows, start=1) if row.get("why")}
    return script, {"rows": len(made), "why": whys}


def _row(frame: Frame, shot: int, row: dict[str, Any]) -> ScriptRow:
    duration = frame.origin[shot - 1].duration_s if frame.origin is not None else Fraction(str(row["seconds"]))
    return ScriptRow(
        shot=shot,
        duration_s=duration,
        beat=row["beat"],
        visual=row["visual"],
        voice_over=row["voice_over"] or None,
        super=row["super"] or None,
        voice_over_gloss=row.get("voice_over_gloss") or None,
        super_gloss=row.get("super_gloss") or None,
        scope="cell",
        camera=Camera(size=row["size"], angle=row["angle"], move=row["move"]),
        setting=row["setting"] or None,
        time_of_day=row["time_of_day"] or None,
        persons=[word for word in row["persons"] if word],
        props=[word for word in row["props"] if word],
    )
