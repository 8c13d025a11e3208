"""The private folder of a worker: its socket, key, lock and log.

What belongs here: where these lie and who may read them. What does not: what is said over the socket (see `protocol`).
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from forge_resources.errors import InvalidInput, Unavailable

_LONGEST_SOCKET = 107
"""Bytes that the system takes for the path of a socket."""
_LONGEST_LOG_BYTES = 5_000_000
_FORK_SERVER = "pymp-12345678/listener-12345678"
"""As `multiprocessing` names the socket of its fork server, in the folder for temporary files."""


@dataclass(frozen=True)
class RuntimeFolder:
    """The files of the worker of one device."""

    root: Path
    device: str

    @classmethod
    def of(cls, device: str, environment: Mapping[str, str] = os.environ) -> RuntimeFolder:
        """FORGE_RUNTIME, else `forge` in XDG_RUNTIME_DIR, else `forge-<user id>` in the folder for temporary files.

        It is not in FORGE_HOME, because the device is one and homes may be many. Raises InvalidInput for a path that
        is too long for a socket.
        """
        named = environment.get("FORGE_RUNTIME")
        system = environment.get("XDG_RUNTIME_DIR")
        if named:
            root = Path(named).absolute()
        elif system and Path(system).is_dir():
            root = Path(system) / "forge"
        else:
            root = Path(tempfile.gettempdir()) / f"forge-{os.getuid()}"
        folder = cls(root, re.sub(r"[^A-Za-z0-9-]", "-", device)[:24])
        if len(os.fsencode(folder.scratch / _FORK_SERVER)) > _LONGEST_SOCKET:
            raise InvalidInput(f"{root} is too long for a socket.", remedy="Set FORGE_RUNTIME to a shorter path.")
        return folder

    @property
    def socket(self) -> Path:
        return self.root / f"gpu-{self.device}.sock"

    @property
    def key_file(self) -> Path:
        return self.root / f"gpu-{self.device}.key"

    @property
    def lock(self) -> Path:
        """Held by the worker as long as it lives."""
        return self.root / f"gpu-{self.device}.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts the worker, until it answers."""
        return self.root / f"gpu-{self.device}.start"

    @property
    def log(self) -> Path:
        return self.root / f"gpu-{self.device}.log"

    def begin_log(self) -> None:
        """Sets a log that has grown long aside, over the one set aside before it."""
        with suppress(FileNotFoundError):
            if self.log.stat().st_size > _LONGEST_LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))

    @property
    def scratch(self) -> Path:
        """Temporary files of the worker; whoever was killed could not remove them, so the next worker does."""
        return self.root / f"gpu-{self.device}"

    def prepare(self) -> None:
        """Makes the folder, readable by its owner alone. Raises Unavailable where it is anybody else's."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = self.root.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise Unavailable(
                f"{self.root} is not a folder of this user.", remedy="Remove it, or set FORGE_RUNTIME to another."
            )
        if stat.S_IMODE(status.st_mode) & 0o077:
            self.root.chmod(0o700)

    def write_key(self) -> bytes:
        """A new key, readable by its owner alone."""
        key = secrets.token_bytes(32)
        passing = self.key_file.with_name(f"{self.key_file.name}.{os.getpid()}")
        passing.unlink(missing_ok=True)
        descriptor = os.open(passing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(key)
        passing.replace(self.key_file)
        return key

    def read_key(self) -> bytes:
        """The key of the worker that is running. Raises FileNotFoundError."""
        return self.key_file.read_bytes()

    def is_there(self) -> bool:
        """Whether socket and key are there for others to find."""
        return self.socket.exists() and self.key_file.exists()

    def clear(self) -> None:
        """Removes socket and key; the lock files stay, empty, because a lock is held by its file."""
        self.socket.unlink(missing_ok=True)
        self.key_file.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Removes temporary files too. Nothing of the worker may be running any more."""
        self.clear()
        for passing in self.root.glob(f"{self.key_file.name}.*"):
            passing.unlink(missing_ok=True)
        if self.scratch.exists():
            shutil.rmtree(self.scratch)
