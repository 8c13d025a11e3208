"""Secrets: which of the environment's values are secret, where they come from, and how they are kept out of texts.

What belongs here: names of secret variables, files that hold them, blanking them out. What does not: using them (the
engines and libraries read the variables themselves).
"""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from forge_resources.errors import InvalidInput

OF_RUNS = (
    "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "FORGE_C2PA_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
)  # fmt: skip
"""The variables whose secrets Forge's own parts use while a cell is made."""

BLANKED = "[secret]"
_NAME = re.compile(r"(^|_)(API_?KEY|KEY|KEY_?ID|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?|DSN)$")
_ADDRESS = re.compile(r"(_URL|_URI|_DSN|^DATABASE_URL)$")
_SHORTEST = 6
"""A shorter value is a word that texts may contain for other reasons."""
_FROM_FILE = "_FILE"


def is_secret_name(variable: str) -> bool:
    """Whether a variable of this name holds a secret, such as `ANTHROPIC_API_KEY` or `AWS_SECRET_ACCESS_KEY`."""
    return bool(_NAME.search(variable.upper()))


def secret_values(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Every secret of the environment, longest first: values of secret names, and passwords within addresses."""
    found: set[str] = set()
    for name, value in environment.items():
        if is_secret_name(name):
            found.add(value.strip())
        elif _ADDRESS.search(name.upper()):
            found.update(_password_of(value))
    found |= {quote(value, safe="") for value in found} | {json.dumps(value)[1:-1] for value in found}
    return sorted((value for value in found if len(value) >= _SHORTEST), key=len, reverse=True)


def redacted(text: str, environment: Mapping[str, str] = os.environ) -> str:
    """`text` with every secret of the environment blanked out."""
    for value in secret_values(environment):
        if value in text:
            text = text.replace(value, BLANKED)
    return text


class Blanked(Exception):
    """Stands in for an exception whose text had a secret in it: the traceback as text, with the secret blanked out."""


def without_secrets(error: BaseException | None) -> BaseException | None:
    """The exception itself where its whole traceback, causes and all, is free of secrets; else its stand-in."""
    if error is None:
        return None
    text = "".join(traceback.format_exception(error))
    clean = redacted(text)
    return error if clean == text else Blanked(clean)


def read_secret_files(environment: MutableMapping[str, str] = os.environ) -> list[str]:
    """For every `<NAME>_FILE` that names a secret, sets `<NAME>` to what that file says, as mounted secrets need it.

    A `<NAME>` that is set already stays. Returns the names set. Raises InvalidInput for a file that cannot be read.
    """
    done = []
    for variable, file in list(environment.items()):
        name = variable.removesuffix(_FROM_FILE)
        if name == variable or not is_secret_name(name) or environment.get(name):
            continue
        try:
            environment[name] = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInput(
                f"{variable} names a file that cannot be read: {file}.",
                remedy="Mount the secret, or unset the variable.",
            ) from error
        done.append(name)
    return done


def _password_of(address: str) -> Iterable[str]:
    try:
        password = urlsplit(address).password
    except ValueError:
        return ()
    return (password,) if password else ()
