"""Installing a model: fetch, compare every hash, look inside, then put it on the shelf in one step.

What belongs here: the order of these, free space, and what a wrong hash means. What does not: protocols (see
`sources`) or ranges (see `transfer`).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
from filelock import FileLock

from forge_resources.errors import Conflict, InvalidInput, NotFound, Unavailable
from forge_resources.models.catalogue import Catalogue, ModelEntry, PartEntry
from forge_resources.models.inspection import inspect_folder
from forge_resources.models.manifest import PICKLED, Descriptor, InstalledFile, Remote, RemoteFile
from forge_resources.models.references import FileReference, Reference
from forge_resources.models.shelf import DESCRIPTOR, INCOMING, Installed, Shelf
from forge_resources.models.sources import PIPELINE_FILES, Sources
from forge_resources.models.transfer import Fetch, Manners
from forge_resources.store.files import disk_trouble_told, sha256_of_file

SPARE_BYTES = 256 * 1024 * 1024
"""Left free on the disk after an installation, so that the rest of the machine can go on."""


@dataclass(frozen=True)
class Order:
    """What to install under which name, and what is known of it beforehand."""

    name: str
    reference: Reference
    entry: ModelEntry | PartEntry | None = None

    @property
    def wanted(self) -> list[str]:
        return self.entry.files if self.entry else []

    @property
    def variant(self) -> str | None:
        return self.entry.variant if isinstance(self.entry, ModelEntry) else None

    @property
    def pins(self) -> dict[str, str]:
        return self.entry.pins if self.entry else {}


@dataclass
class Watch:
    """Whom to tell: all bytes to come (once), bytes that came, and what is being done."""

    total: Callable[[int], None] = field(default=lambda _: None)
    came: Callable[[int], None] = field(default=lambda _: None)
    says: Callable[[str], None] = field(default=lambda _: None)


class Installer:
    """Installs onto a shelf. One process at a time works on a name; a second waits."""

    def __init__(
        self, shelf: Shelf, catalogue: Catalogue, client: httpx.Client, manners: Manners | None = None
    ) -> None:
        self._shelf, self._catalogue, self._client = shelf, catalogue, client
        self._manners = manners or Manners()
        self._sources = Sources(client)

    def install(self, order: Order, watch: Watch | None = None) -> Installed:
        """Installs what is ordered, or returns it where it is there. Nothing is ever half installed.

        Raises NotFound, Unavailable, TimedOut, InvalidInput, Conflict. What was fetched stays for the next call,
        except what does not match its hash.
        """
        watch = watch or Watch()
        with disk_trouble_told(self._shelf.root):
            (self._shelf.root / INCOMING).mkdir(parents=True, exist_ok=True)
        with FileLock(self._shelf.root / INCOMING / f"{order.name}.lock"):
            if found := self._shelf.find(order.name):
                self._is_the_same(found, order)
                return found
            incoming = self._shelf.root / INCOMING / order.name
            if isinstance(order.reference, FileReference):
                remote = self._copy(order.reference, order, incoming, watch)
            else:
                remote = self._fetch(order, incoming, watch)
            return self._shelve(order, remote, incoming, watch)

    def _is_the_same(self, found: Installed, order: Order) -> None:
        asked = str(order.reference)
        if found.descriptor.reference != asked and found.descriptor.source != asked:
            raise Conflict(
                f"{order.name} is installed already, from {found.descriptor.source}.",
                remedy=f"Remove it (forge models remove {order.name}), or give this one a name with --as.",
            )

    def _fetch(self, order: Order, incoming: Path, watch: Watch) -> Remote:
        watch.says(f"asking for {order.reference}")
        remote = self._sources.look(order.reference, order.wanted, order.variant)
        # A source that does not list sizes is asked for each: whether there is room is known before it is taken.
        files = [replace(file, size=self._fetching(file, incoming, watch).size()) for file in remote.files]
        remote = replace(remote, files=files)
        whole = sum(file.size or 0 for file in files)
        self._space_for(whole - (_bytes_there(incoming) if incoming.is_dir() else 0))
        watch.total(whole)
        _clear_strangers(incoming, remote)
        # Small files beside each other, large ones in parts; both keep the line full.
        with ThreadPoolExecutor(max_workers=self._manners.connections) as pool:
            tasks = [pool.submit(self._fetch_file, file, incoming, watch) for file in remote.files]
            try:
                for task in tasks:
                    task.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return remote

    def _fetch_file(self, file: RemoteFile, incoming: Path, watch: Watch) -> None:
        target = incoming / file.path
        journal = target.with_name(f"{target.name}.journal")
        if target.is_file() and not journal.exists() and file.size == target.stat().st_size:
            watch.came(file.size)
            return
        self._fetching(file, incoming, watch).run()

    def _fetching(self, file: RemoteFile, incoming: Path, watch: Watch) -> Fetch:
        return Fetch(self._client, file, incoming / file.path, self._manners, watch.came)

    def _copy(self, reference: FileReference, order: Order, incoming: Path, watch: Watch) -> Remote:
        """Files of this machine, copied: the shelf does not change when they do."""
        path = reference.path
        if not path.exists():
            raise NotFound(f"{reference} does not exist.")
        found = [path] if path.is_file() else [one for one in sorted(path.rglob("*")) if one.is_file()]
        base = path.parent if path.is_file() else path
        patterns = tuple(order.wanted) or (*PIPELINE_FILES, "*.json", "*.safetensors", "*.txt")
        names = {one: one.relative_to(base).as_posix() for one in found}
        chosen = {
            one: name
            for one, name in names.items()
            if path.is_file() or any(one.relative_to(base).match(pattern) for pattern in patterns)
        }
        if path.is_file() and path.name.endswith(PICKLED):
            raise InvalidInput(
                f"{path.name} is no safetensors file.",
                remedy="Pickled weights can run code when read; they are refused.",
            )
        chosen = {one: name for one, name in chosen.items() if not name.endswith(PICKLED) and name != DESCRIPTOR}
        if not chosen:
            raise NotFound(f"{reference} has no safetensors files.")
        total = sum(one.stat().st_size for one in chosen)
        self._space_for(total)
        watch.total(total)
        shutil.rmtree(incoming, ignore_errors=True)
        for one, name in chosen.items():
            target = incoming / name
            with disk_trouble_told(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(one, target)
            watch.came(one.stat().st_size)
        return Remote(str(reference), [RemoteFile(name, "", one.stat().st_size) for one, name in chosen.items()])

    def _space_for(self, wanted: int) -> None:
        free = shutil.disk_usage(self._shelf.root).free
        if wanted + SPARE_BYTES > free:
            raise Unavailable(
                f"{wanted / 1e9:.1f} GB are needed in {self._shelf.root} and {free / 1e9:.1f} GB are free.",
                remedy="Free some space (forge models list has what models take), or set FORGE_MODELS to another disk.",
            )

    def _shelve(self, order: Order, remote: Remote, incoming: Path, watch: Watch) -> Installed:
        watch.says(f"comparing the hashes of {len(remote.files)} files")
        files = [_checked(incoming, file, order.pins) for file in remote.files]
        if missing := sorted(set(order.pins) - {file.path for file in files}):
            raise _wrong(incoming / missing[0], f"{missing[0]} is pinned in the catalogue and not among the files")
        inspected = inspect_folder(incoming, self._catalogue)
        entry = order.entry
        architecture = entry.architecture if entry else inspected.architecture
        if architecture is None and remote.architecture:
            architecture = self._catalogue.architecture_named(remote.architecture)
        if entry and inspected.architecture not in (None, entry.architecture):
            raise InvalidInput(
                f"{order.name} is for {inspected.architecture}, but the catalogue has it for {entry.architecture}."
            )
        descriptor = Descriptor(
            name=order.name,
            kind=entry.kind if isinstance(entry, PartEntry) else "pipeline" if entry else remote.kind or inspected.kind,
            architecture=architecture,
            reference=str(order.reference),
            source=remote.source,
            files=sorted(files, key=lambda file: file.path),
            trigger_words=entry.trigger_words if isinstance(entry, PartEntry) else remote.trigger_words,
            licence=entry.licence.name if entry else remote.licence,
            installed_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        with disk_trouble_told(incoming):
            (incoming / DESCRIPTOR).write_text(descriptor.model_dump_json(indent=1), encoding="utf-8")
            incoming.rename(self._shelf.root / order.name)
        return Installed(descriptor, self._shelf.root / order.name)


def _checked(incoming: Path, file: RemoteFile, pins: dict[str, str]) -> InstalledFile:
    """A fetched file with its hash, which is what the source and the catalogue say. A wrong one is taken away."""
    path = incoming / file.path
    sha256 = sha256_of_file(path)
    if file.sha256 and sha256 != file.sha256:
        raise _wrong(path, f"{file.path} has the SHA-256 {sha256}, but its source says {file.sha256}")
    if file.git_sha1 and (found := _git_sha1(path)) != file.git_sha1:
        raise _wrong(path, f"{file.path} is the Git blob {found}, but its source says {file.git_sha1}")
    if (pinned := pins.get(file.path)) and sha256 != pinned:
        raise _wrong(path, f"{file.path} has the SHA-256 {sha256}, but the catalogue pins {pinned}")
    return InstalledFile(path=file.path, size=path.stat().st_size, sha256=sha256)


def _wrong(path: Path, how: str) -> Conflict:
    path.unlink(missing_ok=True)
    return Conflict(
        f"{how}. Nothing was installed.",
        remedy="Run it again to fetch that file anew; if it says the same, the file was altered: ask its publisher.",
    )


def _git_sha1(path: Path) -> str:
    """The name Git gives a file: SHA-1 of `blob <size>`, NUL and the bytes."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while piece := stream.read(1024 * 1024):
            digest.update(piece)
    return digest.hexdigest()


def _bytes_there(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def _clear_strangers(incoming: Path, remote: Remote) -> None:
    """Takes away what an earlier call fetched and this one does not want, such as of another revision."""
    if not incoming.is_dir():
        return
    wanted = {file.path for file in remote.files} | {f"{file.path}.journal" for file in remote.files}
    for path in incoming.rglob("*"):
        if path.is_file() and path.relative_to(incoming).as_posix() not in wanted:
            path.unlink()
