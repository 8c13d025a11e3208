"""Prompts: Jinja files with a version and a schema of their variables.

What belongs here: reading a prompt file, checking it, and rendering it with its data fenced. What does not: where the
variables come from (see `prompt_variables`), or who is asked.

A prompt file opens with a header between two lines of three dashes (`version`, `summary`, `variables`), and has the
blocks `system` and `user`. Kinds of variables:

- `word`: a name, number or code of our own, put in as it is;
- `text`, `lines`, `rows`: what somebody wrote, put in between marks that say that it is material and no instruction;
- `schema`: a JSON schema of ours;
- `flag`: true or false, for conditions.

A text, lines or rows that is empty or None is put in as nothing, and is false in a condition.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from jinja2 import StrictUndefined, TemplateError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import Field, ValidationError

from forge_resources.errors import Fault, InvalidInput, NotFound
from forge_resources.own_yaml import read_yaml
from forge_resources.schemas.types import Document, Sha256, ShortLine
from forge_resources.writing.data_files import DATA

PROMPTS_VARIABLE = "FORGE_PROMPTS"
Kind = Literal["word", "text", "lines", "rows", "schema", "flag"]
PromptName = Literal["concept", "culture", "script", "adaptation", "revision", "review", "enhancement"]
PROMPT_NAMES: tuple[PromptName, ...] = (
    "concept", "culture", "script", "adaptation", "revision", "review", "enhancement",
)  # fmt: skip
_HEADER = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_WORD = re.compile(r"[\w .,:;/&'’()+%#\-«»„“”‘‚「」『』‹›\"\u00a0\u202f]{0,160}")
_BLOCKS = ("system", "user")


class Variable(Document):
    """One variable of a prompt."""

    kind: Kind
    about: ShortLine


class Header(Document):
    """What a prompt file says about itself."""

    version: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)*$")]
    summary: ShortLine
    variables: dict[Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")], Variable]


class PromptUse(Document):
    """A prompt as a recipe names it."""

    name: str
    version: str
    sha256: Sha256


@dataclass(frozen=True)
class Prompt:
    """A checked prompt. `language` is the one that this file is for; empty where it is for all."""

    name: PromptName
    language: str
    path: Path
    header: Header
    body: str
    sha256: str

    @property
    def use(self) -> PromptUse:
        label = f"{self.name}.{self.language}" if self.language else self.name
        return PromptUse(name=label, version=self.header.version, sha256=self.sha256)

    def render(self, variables: Mapping[str, object]) -> tuple[str, str]:
        """The system and the user message. Raises InvalidInput for a variable that is missing or of another kind."""
        if missing := sorted(self.header.variables.keys() - variables.keys()):
            raise InvalidInput(
                f"The prompt `{self.name}` asks for {', '.join(missing)}, which this cell does not have.",
                remedy=f"Correct {self.path}.",
            )
        put_in = {name: _put_in(name, wanted.kind, variables[name]) for name, wanted in self.header.variables.items()}
        template = _environment().from_string(self.body)
        try:
            context = template.new_context(put_in)
            system, user = ("".join(template.blocks[block](context)) for block in _BLOCKS)
        except TemplateError as error:
            raise InvalidInput(f"{self.path} cannot be rendered: {error}.", remedy="Correct the file.") from None
        return _tidy(system), _tidy(user)


def load_prompt(name: PromptName, language: str = "", environment: Mapping[str, str] = os.environ) -> Prompt:
    """The prompt of that name: the file for `language` (`script.ja.j2`) where there is one, else that for all.

    Files in the folder that FORGE_PROMPTS names go before those of Forge. Raises InvalidInput with every fault.
    """
    for folder in _folders(environment):
        for variant in ([language] if language else []) + [""]:
            path = folder / (f"{name}.{variant}.j2" if variant else f"{name}.j2")
            if path.is_file():
                stamp = path.stat()
                return _load(name, variant, path, stamp.st_mtime_ns, stamp.st_size)
    raise NotFound(f"There is no prompt `{name}`.", remedy=f"Put {name}.j2 back into {DATA / 'prompts'}.")


def all_prompts(environment: Mapping[str, str] = os.environ) -> list[Prompt]:
    """Every prompt that is in force, those for one language after the one for all."""
    found = []
    for name in PROMPT_NAMES:
        variants = {path.name.split(".")[1] for folder in _folders(environment) for path in folder.glob(f"{name}.*.j2")}
        found += [load_prompt(name, variant, environment) for variant in ["", *sorted(variants)]]
    return found


def _folders(environment: Mapping[str, str]) -> list[Path]:
    own = environment.get(PROMPTS_VARIABLE)
    if own and not Path(own).is_dir():
        raise InvalidInput(f"{PROMPTS_VARIABLE} is `{own}`, which is no folder.")
    return [*([Path(own)] if own else []), DATA / "prompts"]


@cache
def _load(name: PromptName, language: str, path: Path, _changed: int, _size: int) -> Prompt:
    # `prompt_variables` knows what a cell can supply, and needs the kinds of this module.
    from forge_resources.writing.prompt_variables import SUPPLIED  # noqa: PLC0415

    text = path.read_text(encoding="utf-8").replace("\r\n", "\n")
    split = _HEADER.match(text)
    if split is None:
        raise InvalidInput(f"{path} has no header between two lines of three dashes.", remedy="Correct the file.")
    try:
        header = Header.model_validate(read_yaml(split[1]))
    except yaml.YAMLError as error:
        raise InvalidInput(f"The header of {path} is not YAML: {error}.", remedy="Correct the file.") from None
    except ValidationError as error:
        faults = [Fault(".".join(str(step) for step in item["loc"]), item["msg"]) for item in error.errors()]
        raise InvalidInput(f"The header of {path} is faulty.", remedy="Correct the file.", faults=faults) from None
    faults = [*_faults_of_body(split[2], header), *_faults_of_variables(name, header, SUPPLIED[name])]
    if faults:
        raise InvalidInput(f"{path} is no good prompt.", remedy="Correct the file.", faults=faults)
    return Prompt(name, language, path, header, split[2], hashlib.sha256(text.encode()).hexdigest())


def _faults_of_body(body: str, header: Header) -> list[Fault]:
    environment = _environment()
    try:
        tree = environment.parse(body)
        blocks = set(environment.from_string(body).blocks)
    except TemplateError as error:
        return [Fault("body", str(error))]
    used = meta.find_undeclared_variables(tree)
    faults = [Fault(f"variables.{name}", "is used and not declared") for name in sorted(used - header.variables.keys())]
    faults += [
        Fault(f"variables.{name}", "is declared and not used") for name in sorted(header.variables.keys() - used)
    ]
    return faults + [Fault("body", f"has no block `{block}`") for block in _BLOCKS if block not in blocks]


def _faults_of_variables(name: PromptName, header: Header, known: Mapping[str, Kind]) -> list[Fault]:
    faults = []
    for variable, wanted in header.variables.items():
        if variable not in known:
            faults.append(Fault(f"variables.{variable}", f"is nothing that `{name}` is given: {', '.join(known)}"))
        elif wanted.kind != known[variable]:
            faults.append(Fault(f"variables.{variable}", f"is of kind {known[variable]}, not {wanted.kind}"))
    return faults


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    # No autoescape: a prompt is no HTML; what was written by others is fenced in `_put_in`.
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.globals.clear()
    return environment


def _put_in(name: str, kind: Kind, value: object) -> object:
    """A variable as the template gets it. Raises InvalidInput where the value is not of its kind."""
    if kind == "flag" and isinstance(value, bool):
        return value
    if kind == "word" and isinstance(value, str | int | float) and _WORD.fullmatch(str(value)):
        return str(value)
    if kind == "schema" and isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if kind in {"text", "lines", "rows"} and not value:
        return ""
    if kind == "text" and isinstance(value, str):
        return fenced(name, value)
    if kind == "lines" and isinstance(value, list):
        return fenced(name, "\n".join(f"- {line}" for line in value))
    if kind == "rows" and isinstance(value, list):
        return fenced(name, "\n".join(json.dumps(row, ensure_ascii=False) for row in value))
    raise InvalidInput(f"The variable `{name}` of a prompt is no {kind}: {str(value)[:80]!r}.")


def fenced(name: str, text: str) -> str:
    """Text between marks that it cannot close: its own angle brackets become other characters."""
    shielded = text.replace("<", "\u2039").replace(">", "\u203a")
    return f'<material name="{name}">\n{shielded}\n</material>'


def _tidy(text: str) -> str:
    """Without the empty lines that conditions leave."""
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"
