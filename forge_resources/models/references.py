"""References to models: `hf:repo@revision#file`, `civitai:version`, AIR names, `file:path`.

What belongs here: reading and writing them. What does not: asking the source (see `sources`).
AIR is Civitai's name for a model version, such as `urn:air:sdxl:lora:civitai:328553@368189`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from forge_resources.errors import InvalidInput

FORMS = "hf:repo@revision#file, civitai:version, urn:air:…:civitai:model@version, file:path"


@dataclass(frozen=True)
class HubReference:
    """A repository of the Hugging Face hub at a revision; `file` where only one file of it is meant."""

    repo: str
    revision: str = "main"
    file: str | None = None

    def __str__(self) -> str:
        return f"hf:{self.repo}@{self.revision}" + (f"#{self.file}" if self.file else "")

    @property
    def short_name(self) -> str:
        return Path(self.file).stem if self.file else self.repo.rpartition("/")[2]


@dataclass(frozen=True)
class CivitaiReference:
    """A version of a model at Civitai; `model` where the reference named it, and it is then checked."""

    version: int
    model: int | None = None

    def __str__(self) -> str:
        return f"civitai:{self.model}@{self.version}" if self.model else f"civitai:{self.version}"

    @property
    def short_name(self) -> str:
        return f"civitai-{self.version}"


@dataclass(frozen=True)
class FileReference:
    """A file or folder of this machine."""

    path: Path

    def __str__(self) -> str:
        return f"file:{self.path}"

    @property
    def short_name(self) -> str:
        return self.path.stem if self.path.suffix == ".safetensors" else self.path.name


Reference = HubReference | CivitaiReference | FileReference

_REPO = r"[A-Za-z0-9][\w.-]*(?:/[A-Za-z0-9][\w.-]*)?"
_HUB = re.compile(rf"hf:(?P<repo>{_REPO})(?:@(?P<revision>[\w./-]+))?(?:#(?P<file>[^#]+))?")
_CIVITAI = re.compile(r"civitai:(?:(?P<model>\d{1,12})@)?(?P<version>\d{1,12})")
_AIR = re.compile(r"(?:urn:)?air:[\w.-]+:[\w.-]+:civitai:(?P<model>\d{1,12})@(?P<version>\d{1,12})(?:\.\w+)?")


def is_reference(text: str) -> bool:
    """Whether a text begins like a reference, and is not the name of a model."""
    return text.startswith(("hf:", "civitai:", "urn:air:", "air:", "file:"))


def parse_reference(text: str) -> Reference:
    """Reads a reference. Raises InvalidInput where it has none of the forms."""
    if text.startswith("file:") and len(text) > len("file:"):
        path = text.removeprefix("file:").removeprefix("//")
        return FileReference(Path(path).expanduser().absolute())
    if hub := _HUB.fullmatch(text):
        file = hub["file"]
        if file and (file.startswith("/") or ".." in file.split("/")):
            raise InvalidInput(f"`{text}` names a file outside of its repository.")
        return HubReference(hub["repo"], hub["revision"] or "main", file)
    if found := _CIVITAI.fullmatch(text) or _AIR.fullmatch(text):
        model = found["model"]
        return CivitaiReference(int(found["version"]), int(model) if model else None)
    raise InvalidInput(f"`{text[:120]}` is no reference to a model.", remedy=f"Write one of {FORMS}.")
