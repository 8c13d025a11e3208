"""How a brief wants its texts written: model settings per node, rounds of revision, enhancement of pictures.

What belongs here: the contract of the key `writing`, and of a model's settings. What does not: the deployment's
defaults (see `writing/data/models.yaml`), or any call.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from forge_resources.schemas.types import TEXT_MODEL_PATTERN, Document

WritingNode = Literal["concept", "culture", "script", "revision", "review", "enhancement"]
WRITING_NODES: tuple[WritingNode, ...] = ("concept", "culture", "script", "revision", "review", "enhancement")
Enhancement = Literal["none", "rules", "model"]
Structured = Literal["json_schema", "json_object", "tool", "none"]
ModelName = Annotated[str, Field(pattern=TEXT_MODEL_PATTERN, max_length=200)]


class ModelChoice(Document):
    """Settings of a chat model; what is not named is left to whoever was asked before.

    `timeout_s` is the limit of one call, `patience_s` that of a node with all its repeats. `structured` says how the
    server is asked for a document: by JSON schema, as any JSON object, through a tool, or in words alone.
    """

    model: ModelName | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=16, le=200_000)] | None = None
    timeout_s: Annotated[float, Field(gt=0, le=3600)] | None = None
    patience_s: Annotated[float, Field(gt=0, le=7200)] | None = None
    structured: Structured | None = None

    @model_serializer(mode="wrap")
    def _only_what_is_named(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # A setting that is not named and one that is named as null are different things, in files too.
        return {name: value for name, value in whole(self).items() if name in self.model_fields_set}

    def under(self, other: ModelChoice | None) -> ModelChoice:
        """These settings with those that `other` names laid over them. A temperature named as null sends none."""
        return (
            self.model_copy(update={name: getattr(other, name) for name in other.model_fields_set}) if other else self
        )


class WritingChoice(ModelChoice):
    """The key `writing` of a brief. Its own settings are for every node; `nodes` are for one each.

    `rounds` is how many drafts of a script are written at most; `enhancement` how descriptions of pictures are worked
    out for the image engine.
    """

    nodes: dict[WritingNode, ModelChoice] = {}
    rounds: Annotated[int, Field(ge=1, le=8)] | None = None
    enhancement: Enhancement | None = None
