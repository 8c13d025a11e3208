"""The settings of chat models: the deployment's data, and which of them hold for a node of a cell.

What belongs here: the contract of `data/models.yaml`, the file laid over it, and precedence. What does not: keys and
addresses (each engine reads its own from the environment), or calls.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, ValidationError

from forge_resources.errors import Fault, InvalidInput
from forge_resources.own_yaml import read_yaml
from forge_resources.schemas.types import Document, LanguageCode, Slug
from forge_resources.schemas.writing import Enhancement, ModelChoice, ModelName, Structured, WritingChoice, WritingNode
from forge_resources.writing.data_files import DATA

OVERLAY_VARIABLE = "FORGE_WRITING"
MODEL_VARIABLE = "FORGE_TEXT_MODEL"


class EngineModels(Document):
    """The settings of one engine, from the most general to the most particular."""

    default: ModelChoice
    nodes: dict[WritingNode, ModelChoice] = {}
    languages: dict[LanguageCode, ModelChoice] = {}


class Price(Document):
    """US dollars a million tokens."""

    input: Annotated[float, Field(ge=0)]
    output: Annotated[float, Field(ge=0)]


class WritingSettings(Document):
    """`data/models.yaml`; the file says what each key means."""

    engines: dict[Slug, EngineModels]
    rounds: Annotated[int, Field(ge=1, le=8)]
    repeats: Annotated[int, Field(ge=0, le=20)]
    first_wait_s: Annotated[float, Field(gt=0, le=60)]
    longest_wait_s: Annotated[float, Field(gt=0, le=600)]
    second_chances: Annotated[int, Field(ge=0, le=5)]
    calls_at_once: Annotated[int, Field(ge=1, le=256)]
    enhancement: Enhancement
    prices: dict[str, Price] = {}


class ModelSettings(Document):
    """The settings that hold for one node of one cell. All of them are part of its recipe."""

    model: ModelName
    temperature: float | None
    max_tokens: int
    timeout_s: float
    patience_s: float
    structured: Structured


def load_settings(environment: Mapping[str, str] = os.environ) -> WritingSettings:
    """The deployment's settings. Raises InvalidInput with file, entry and field.

    FORGE_WRITING names a YAML file laid over the data file key by key; FORGE_TEXT_MODEL is the default model of every
    engine.
    """
    content = _read(DATA / "models.yaml")
    named = environment.get(OVERLAY_VARIABLE)
    path = Path(named) if named else DATA / "models.yaml"
    if named:
        content = _laid_over(content, _read(path))
    if model := environment.get(MODEL_VARIABLE):
        for engine in content.get("engines", {}).values():
            engine.setdefault("default", {})["model"] = model
    try:
        return WritingSettings.model_validate(content)
    except ValidationError as error:
        faults = [Fault(".".join(str(step) for step in item["loc"]), item["msg"]) for item in error.errors()]
        raise InvalidInput(f"{path} does not follow its contract.", remedy="Correct the file.", faults=faults) from None


def resolve(
    settings: WritingSettings, engine: str, node: WritingNode, language: str, wanted: WritingChoice | None
) -> ModelSettings:
    """What holds for a node: the engine's default, its node's, its language's, the brief's, the last named winning.

    Raises InvalidInput where nobody names a model.
    """
    models = settings.engines.get(engine, EngineModels(default=ModelChoice()))
    choice = models.default.under(models.nodes.get(node)).under(models.languages.get(language))
    if wanted:
        own = ModelChoice.model_validate(wanted.model_dump(include=set(ModelChoice.model_fields)))
        choice = choice.under(own).under(wanted.nodes.get(node))
    if choice.model is None:
        raise InvalidInput(
            f"No model is named for the text engine `{engine}`.",
            remedy=f"Set {MODEL_VARIABLE}, name one in a file for {OVERLAY_VARIABLE}, or under `writing` in the brief.",
        )
    return ModelSettings(
        model=choice.model,
        temperature=choice.temperature,
        max_tokens=choice.max_tokens or 4000,
        timeout_s=choice.timeout_s or 120,
        patience_s=choice.patience_s or 600,
        structured=choice.structured or "none",
    )


def rounds_of(settings: WritingSettings, wanted: WritingChoice | None) -> int:
    """How many drafts of a script are written at most."""
    return wanted.rounds if wanted and wanted.rounds else settings.rounds


def _read(path: Path) -> dict[str, Any]:
    try:
        content = read_yaml(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.", remedy=f"Correct {OVERLAY_VARIABLE}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is not YAML.", faults=[Fault(path.name, str(error))]) from None
    if not isinstance(content, dict):
        raise InvalidInput(f"{path} must hold a mapping.")
    return content


def _laid_over(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _laid_over(below.get(key), value) for key, value in above.items()}
    return above
