"""Reading the header of a safetensors file: names, types and shapes of its tensors, without loading one.

What belongs here: the header and whether the file is whole. What does not: what the names mean (see `inspection`).
Source: the safetensors format: 8 bytes (little endian) give the length of a JSON header; then the tensors' bytes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path

from forge_resources.errors import InvalidInput

LARGEST_HEADER = 100 * 1024 * 1024


@dataclass(frozen=True)
class Header:
    """`shapes` by tensor name; `metadata` as the file's writer left it."""

    shapes: dict[str, tuple[int, ...]]
    metadata: dict[str, str]


def read_header(path: Path) -> Header:
    """The header of a safetensors file. Raises InvalidInput where it is none, or is not whole."""
    size = path.stat().st_size
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > min(size - 8, LARGEST_HEADER):
                raise _refused(path, "its header is longer than the file")
            written = json.loads(stream.read(length))
        metadata = written.pop("__metadata__", {})
        shapes = {name: tuple(tensor["shape"]) for name, tensor in written.items()}
        end = max((tensor["data_offsets"][1] for tensor in written.values()), default=0)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise _refused(path, "its header cannot be read") from None
    if 8 + length + end != size:
        raise _refused(path, f"it has {size:,} bytes, its header tells of {8 + length + end:,}")
    return Header(shapes, {str(name): str(value) for name, value in metadata.items()})


def _refused(path: Path, why: str) -> InvalidInput:
    return InvalidInput(f"{path.name} is no whole safetensors file: {why}.")
