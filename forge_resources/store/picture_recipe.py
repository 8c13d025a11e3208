"""The recipe inside a PNG, as an iTXt chunk named `forge:recipe`.

What belongs here: writing and reading that chunk without touching the pixels. What does not: what a recipe is.
Source: PNG specification, third edition, sections 5.3 and 11.3.3.4 (iTXt).
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from pydantic import ValidationError

from forge_resources.errors import InvalidInput
from forge_resources.schemas.recipe import Recipe
from forge_resources.schemas.types import canonical_json

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"forge:recipe"
_END = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))


def embed_recipe(picture: Path, recipe: Recipe) -> None:
    """Adds the recipe before the end chunk of a PNG. Raises InvalidInput where the file is no whole PNG."""
    data = picture.read_bytes()
    if not data.startswith(_SIGNATURE) or not data.endswith(_END):
        raise InvalidInput(f"{picture.name} is not a whole PNG.")
    # keyword, NUL, not compressed, method 0, no language tag, no translated keyword, UTF-8 text
    body = _KEYWORD + b"\0\0\0\0\0" + canonical_json(recipe.model_dump(mode="json")).encode()
    chunk = struct.pack(">I", len(body)) + b"iTXt" + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    picture.write_bytes(data[: -len(_END)] + chunk + _END)


def read_recipe(picture: Path) -> Recipe | None:
    """The recipe that a PNG carries, or None. Raises InvalidInput where the recipe it carries is damaged."""
    data = picture.read_bytes()
    if not data.startswith(_SIGNATURE):
        return None
    position = len(_SIGNATURE)
    while position + 8 <= len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind = data[position + 4 : position + 8]
        body = data[position + 8 : position + 8 + length]
        if kind == b"iTXt" and body.startswith(_KEYWORD + b"\0"):
            try:
                return Recipe.model_validate_json(body[len(_KEYWORD) + 5 :])
            except ValidationError as error:
                raise InvalidInput(f"{picture.name} carries a damaged recipe.") from error
        position += 12 + length
    return None
