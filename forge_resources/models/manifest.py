"""What a source has of a model, and what is installed of it: files with their sizes and hashes.

What belongs here: the contracts. What does not: where they come from (see `sources`) or lie (see `shelf`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from forge_resources.schemas.types import Document, Sha256, ShortLine, sha256_of

InstalledKind = Literal["pipeline", "lora", "controlnet", "ip-adapter", "annotator", "scorer", "weights"]

PICKLED = (".bin", ".ckpt", ".pt", ".pth", ".pkl", ".pickle", ".h5", ".msgpack", ".onnx", ".joblib", ".npy", ".npz")
"""Suffixes of files that may run code when they are read, or that nothing here reads. They are never fetched."""


@dataclass(frozen=True)
class RemoteFile:
    """A file at a source. `size` in bytes, `sha256` and `git_sha1` (of a Git blob) as the source says, if it does.

    `headers` go with the request to the source's own host, and to no host it redirects to.
    """

    path: str
    url: str
    size: int | None = None
    sha256: str | None = None
    git_sha1: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Remote:
    """What a source has: `source` is the reference with everything resolved, such as the commit."""

    source: str
    files: list[RemoteFile]
    kind: InstalledKind | None = None
    architecture: str | None = None
    trigger_words: list[str] = field(default_factory=list)
    licence: str | None = None


class InstalledFile(Document):
    """`path` below the model's folder, with `/`; `size` in bytes."""

    path: ShortLine
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256


class Descriptor(Document):
    """What lies beside installed weights, as `forge-model.json`."""

    name: str
    kind: InstalledKind
    architecture: str | None
    reference: str
    source: str
    files: Annotated[list[InstalledFile], Field(min_length=1)]
    trigger_words: list[str] = []
    licence: str | None = None
    installed_at: str = Field(description="UTC, ISO 8601.")

    @property
    def weights(self) -> str:
        """SHA-256 (hex) of all files, by path and content: what a recipe names a model's bytes by."""
        return sha256_of({file.path: file.sha256 for file in self.files})

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)
