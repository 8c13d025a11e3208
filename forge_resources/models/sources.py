"""Asking a source what it has of a model: the Hugging Face hub, Civitai, a folder of this machine.

What belongs here: their protocols, tokens from the environment, and what their answers mean. What does not: fetching
bytes (see `transfer`) or installing (see `installation`).

Endpoints: HF_ENDPOINT and CIVITAI_ENDPOINT; tokens: HF_TOKEN and CIVITAI_API_TOKEN. HF_HUB_OFFLINE=1 asks nobody.
Sources: the hub's API (`/api/models/{repo}/revision/{revision}?blobs=true`) and Civitai's (`/api/v1/model-versions`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatch
from typing import Any

import httpx

from forge_resources.errors import InvalidInput, NotFound, TimedOut, Unavailable
from forge_resources.models.manifest import PICKLED, InstalledKind, Remote, RemoteFile
from forge_resources.models.references import CivitaiReference, HubReference, Reference

PIPELINE_FILES = ("model_index.json", "*/*.json", "*/*.txt", "*/*.model", "*/*.jinja", "*/*.safetensors")
"""The layout of a pipeline that diffusers saves: an index, and a folder per component."""

_CIVITAI_KINDS: dict[str, InstalledKind] = {
    "LORA": "lora", "LoCon": "lora", "DoRA": "lora", "Controlnet": "controlnet", "Checkpoint": "weights",
}  # fmt: skip
_ACCESS = "Accept the model's terms on its page where it has some, and set {variable} to a token that may read it."


class Sources:
    """Speaks with the sources over one HTTP client. `environment` has endpoints and tokens."""

    def __init__(self, client: httpx.Client, environment: Mapping[str, str] = os.environ) -> None:
        self._client = client
        self._environment = environment

    def look(self, reference: Reference, wanted: list[str], variant: str | None) -> Remote:
        """What the source has of it, and where: only the files that match `wanted` (patterns), or a pipeline's.

        Raises NotFound, Unavailable (offline, no access, faulty answer), InvalidInput for what is never fetched.
        """
        if self._environment.get("HF_HUB_OFFLINE", "") not in ("", "0"):
            raise Unavailable(
                f"{reference} is not installed, and HF_HUB_OFFLINE says to ask nobody.",
                remedy="Unset HF_HUB_OFFLINE, or install it from a file: forge models download file:PATH.",
            )
        if isinstance(reference, HubReference):
            return self._hub(reference, wanted, variant)
        if isinstance(reference, CivitaiReference):
            return self._civitai(reference)
        raise InvalidInput(f"{reference} is no address of a source.")

    def _hub(self, reference: HubReference, wanted: list[str], variant: str | None) -> Remote:
        endpoint = (self._environment.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")
        headers = _bearer(self._environment.get("HF_TOKEN"))
        url = f"{endpoint}/api/models/{reference.repo}/revision/{reference.revision}"
        answer = self._ask(str(reference), url, {"blobs": "true"}, headers, "HF_TOKEN")
        commit = answer.get("sha")
        siblings = answer.get("siblings")
        if not isinstance(commit, str) or not isinstance(siblings, list):
            raise _faulty(str(reference), "it names no commit or no files")
        files = [
            _hub_file(sibling, f"{endpoint}/{reference.repo}/resolve/{commit}", headers)
            for sibling in siblings
            if isinstance(sibling, dict) and isinstance(sibling.get("rfilename"), str)
        ]
        chosen = choose_files(files, [reference.file] if reference.file else wanted, variant)
        resolved = HubReference(reference.repo, commit, reference.file)
        if not chosen:
            raise NotFound(
                f"{resolved} has none of the files that are wanted.",
                remedy="Only safetensors are taken; look at the repository's files and name one with #file.",
            )
        card = answer.get("cardData") if isinstance(answer.get("cardData"), dict) else {}
        licence = card.get("license") if isinstance(card, dict) else None
        return Remote(str(resolved), chosen, licence=licence if isinstance(licence, str) else None)

    def _civitai(self, reference: CivitaiReference) -> Remote:
        endpoint = (self._environment.get("CIVITAI_ENDPOINT") or "https://civitai.com").rstrip("/")
        headers = _bearer(self._environment.get("CIVITAI_API_TOKEN"))
        url = f"{endpoint}/api/v1/model-versions/{reference.version}"
        answer = self._ask(str(reference), url, {}, headers, "CIVITAI_API_TOKEN")
        model = answer.get("modelId")
        if reference.model is not None and model != reference.model:
            raise InvalidInput(f"{reference}: version {reference.version} belongs to model {model}.")
        files = [file for file in answer.get("files") or [] if isinstance(file, dict)]
        safe = [file for file in files if str(file.get("name", "")).endswith(".safetensors")]
        if not safe:
            raise NotFound(f"{reference} has no safetensors file.", remedy="Only safetensors are taken.")
        chosen = next((file for file in safe if file.get("primary")), safe[0])
        address, hashes = chosen.get("downloadUrl"), chosen.get("hashes") or {}
        if not isinstance(address, str) or not isinstance(hashes.get("SHA256"), str):
            raise _faulty(str(reference), "its file has no address or no SHA-256")
        about = answer.get("model") if isinstance(answer.get("model"), dict) else {}
        return Remote(
            source=f"civitai:{model}@{reference.version}",
            files=[RemoteFile(_plain_name(chosen["name"]), address, None, hashes["SHA256"].lower(), headers=headers)],
            kind=_CIVITAI_KINDS.get(str((about or {}).get("type")), "weights"),
            architecture=str(answer.get("baseModel") or "") or None,
            trigger_words=[word for word in answer.get("trainedWords") or [] if isinstance(word, str)],
        )

    def _ask(
        self, what: str, url: str, query: Mapping[str, str], headers: Mapping[str, str], variable: str
    ) -> dict[str, Any]:
        try:
            response = self._client.get(url, params=query, headers=headers, follow_redirects=True)
        except httpx.TimeoutException as error:
            raise TimedOut(f"{what}: {_host(url)} does not answer.", remedy="Try again later.") from error
        except httpx.HTTPError as error:
            raise unreachable(what, url, error) from error
        if refusal := refused(what, response.status_code, url, variable):
            raise refusal
        try:
            answer = response.json()
        except ValueError:
            raise _faulty(what, "it is not JSON") from None
        if not isinstance(answer, dict):
            raise _faulty(what, "it is no object")
        return answer


def unreachable(what: str, url: str, error: Exception) -> Unavailable:
    """That a host cannot be reached, in the words of the family."""
    return Unavailable(
        f"{what}: {_host(url)} cannot be reached ({type(error).__name__}: {error}).",
        remedy="Check the network, or install it from a file: forge models download file:PATH.",
    )


def refused(what: str, status: int, url: str, variable: str) -> Unavailable | NotFound | None:
    """What a status other than success means, or None."""
    if status in (401, 403):
        return Unavailable(
            f"{what}: {_host(url)} gives no access (status {status}).", remedy=_ACCESS.format(variable=variable)
        )
    if status in (404, 410):
        return NotFound(f"{what} does not exist at {_host(url)}.", remedy="Check name, revision and file.")
    if status >= 400:
        return Unavailable(f"{what}: {_host(url)} answers with status {status}.", remedy="Try again later.")
    return None


def choose_files(files: list[RemoteFile], wanted: list[str], variant: str | None) -> list[RemoteFile]:
    """The files that match a pattern of `wanted` (a pipeline's layout where empty), never one that is pickled.

    Of weights that there are of a variant (`….fp16.safetensors`), only those are taken; without one, only the plain.
    """
    patterns = tuple(wanted) or PIPELINE_FILES
    named = [file for file in files if any(_matches(file.path, pattern) for pattern in patterns)]
    if pickled := [file.path for file in named if file.path.endswith(PICKLED) and file.path in patterns]:
        raise InvalidInput(
            f"{pickled[0]} is no safetensors file.", remedy="Pickled weights can run code when read; they are refused."
        )
    safe = [file for file in named if not file.path.endswith(PICKLED)]
    if wanted:
        return safe
    return [file for file in safe if _is_of_variant(file.path, {one.path for one in safe}, variant)]


def _matches(path: str, pattern: str) -> bool:
    # `*` stays inside a folder.
    return path.count("/") == pattern.count("/") and fnmatch(path, pattern)


def _is_of_variant(path: str, paths: set[str], variant: str | None) -> bool:
    if not path.endswith((".safetensors", ".safetensors.index.json")):
        return True
    folder, _, name = path.rpartition("/")
    marked = {one for one in paths if one.rpartition("/")[0] == folder and _variant_of(one)}
    if variant and any(_variant_of(one) == variant for one in marked):
        return _variant_of(path) == variant
    return _variant_of(name) is None


def _variant_of(path: str) -> str | None:
    """`fp16` of `model.fp16.safetensors` and of `model.fp16-00001-of-00002.safetensors`."""
    stem = path.rpartition("/")[2].removesuffix(".index.json").removesuffix(".safetensors")
    marks = stem.split(".")[1:]
    return marks[-1].split("-")[0] if marks else None


def _hub_file(sibling: Mapping[str, Any], base: str, headers: dict[str, str]) -> RemoteFile:
    path = sibling["rfilename"]
    if path.startswith("/") or ".." in path.split("/") or "\\" in path:
        raise _faulty(base, f"it names a file outside of the repository ({path[:60]})")
    lfs = sibling.get("lfs") if isinstance(sibling.get("lfs"), dict) else {}
    size = (lfs or {}).get("size", sibling.get("size"))
    return RemoteFile(
        path=path,
        url=f"{base}/{path}",
        size=size if isinstance(size, int) else None,
        sha256=(lfs or {}).get("sha256"),
        # Files that are not in large file storage are Git blobs.
        git_sha1=None if lfs else sibling.get("blobId"),
        headers=headers,
    )


def _plain_name(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].replace(" ", "_")


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _host(url: str) -> str:
    return httpx.URL(url).host


def _faulty(what: str, why: str) -> Unavailable:
    return Unavailable(f"The answer about {what} cannot be used: {why}.", remedy="Try again later.")
