"""The contract of `data/fonts.yaml`: families by script, where they may lie, and how to get them.

What belongs here: shape and lookup of the catalogue. What does not: looking at files (see `fonts`).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from forge_resources.editing.data_files import read_data
from forge_resources.schemas.types import Document

Weight = Literal["regular", "semibold", "bold", "black"]
FileName = Annotated[str, Field(min_length=5, max_length=80, pattern=r"^[^/\\]+\.(ttf|otf|ttc|otc)$")]
ScriptCode = Annotated[str, Field(pattern=r"^[A-Z][a-z]{3}$")]


class PackagedFamily(Document):
    """A family that comes as a Python package: its import name and the folder of the files in it."""

    package: str
    folder: str
    faces: dict[Weight, FileName]

    @model_validator(mode="after")
    def _has_every_weight(self) -> PackagedFamily:
        if len(self.faces) != 4:
            raise ValueError("faces must name regular, semibold, bold and black")
        return self


class FontFamily(Document):
    """File names of one family: static files by weight, or one variable file. `index` is the face in a collection."""

    regular: FileName | None = None
    semibold: FileName | None = None
    bold: FileName | None = None
    black: FileName | None = None
    variable: FileName | None = None
    index: Annotated[int, Field(ge=0, le=63)] = 0

    @model_validator(mode="after")
    def _names_a_file(self) -> FontFamily:
        if bool(self.variable) == bool(self.statics()):
            raise ValueError("name static files by weight, or one variable file")
        return self

    def statics(self) -> list[tuple[Weight, str]]:
        """The static files, by weight."""
        files: list[tuple[Weight, str | None]] = [
            ("regular", self.regular),
            ("semibold", self.semibold),
            ("bold", self.bold),
            ("black", self.black),
        ]
        return [(weight, name) for weight, name in files if name]

    def named(self, script: str) -> FontFamily:
        """The family with `{name}` in its file names replaced by the script's."""
        named: dict[str, str] = {weight: name.replace("{name}", script) for weight, name in self.statics()}
        if self.variable:
            named["variable"] = self.variable.replace("{name}", script)
        return self.model_copy(update=named)


class OtherFonts(Document):
    """Families of scripts that no entry lists; `{name}` stands for the script's name without spaces."""

    debian: str
    download: str
    families: Annotated[list[FontFamily], Field(min_length=1)]


class ScriptFonts(OtherFonts):
    """Families for some scripts, limited to `languages` where there are any. `sample` tries a face."""

    scripts: Annotated[list[ScriptCode], Field(min_length=1)]
    languages: list[str] = []
    sample: str | None = None


class FontCatalogue(Document):
    packaged: PackagedFamily
    folders: list[str]
    unshaped: list[ScriptCode]
    others: OtherFonts
    scripts: list[ScriptFonts]

    def system_folders(self) -> tuple[Path, ...]:
        return tuple(Path(folder).expanduser() for folder in self.folders)

    def fonts_for(self, script: str, language: str) -> ScriptFonts:
        """The entry for a script in a language; without one for the language, the first for the script."""
        entries = [entry for entry in self.scripts if script in entry.scripts]
        exact = [entry for entry in entries if not entry.languages or language in entry.languages]
        if entries:
            return (exact or entries)[0]
        return ScriptFonts(scripts=[script], **self.others.model_dump())


@lru_cache(maxsize=1)
def font_catalogue() -> FontCatalogue:
    """The catalogue that comes with Forge."""
    return read_data("fonts.yaml", FontCatalogue)
