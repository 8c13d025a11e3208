"""The text engines that ask a remote chat model: Anthropic's, and every server that speaks OpenAI's protocol.

What belongs here: from cell to recipe, and which LangChain model is called with which key and address. What does not:
calling (see `calling`), replies, prompts, settings.
"""

from __future__ import annotations

import importlib.util
import json
import os
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel

from forge_resources.engines.contract import Facts, Lack, ReadingTextEngine, Sources, TextNode
from forge_resources.errors import InvalidInput
from forge_resources.findings import Finding
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.types import Tier, sha256_of
from forge_resources.writing.chat.asking import Reply, Spent, Turn, ask
from forge_resources.writing.chat.calling import call
from forge_resources.writing.chat.recipes import ChatParameters
from forge_resources.writing.chat.requests import (
    Request,
    concept_request,
    culture_request,
    enhancement_request,
    review_request,
    revision_request,
    script_request,
)
from forge_resources.writing.chat.settings import WritingSettings, load_settings, resolve
from forge_resources.writing.prompts import PROMPT_NAMES, load_prompt


class ChatWriter(ReadingTextEngine):
    """What the engines that ask a chat model have in common: the recipe of every node."""

    tier: ClassVar[Tier] = "full"
    version = "2"
    translates = True
    waits: ClassVar[bool] = True
    Parameters: ClassVar[type[BaseModel]] = ChatParameters

    @abstractmethod
    def server(self) -> str:
        """The address that is called, without user, password and query; empty for a model of this machine."""

    def revision_of(self, model: str) -> str:
        """What tells two models of one name apart; empty where the server decides."""
        return ""

    @abstractmethod
    def reply_to(
        self, parameters: ChatParameters, settings: WritingSettings, turns: Sequence[Turn], spent: Spent
    ) -> Reply:
        """What the model says next. Raises an error of the family."""

    def edition(self, language: str, source_language: str) -> str:
        """Version, and the content of the prompts and settings that write in this language."""
        settings = load_settings()
        content = {
            "settings": settings.engines[self.name].model_dump(mode="json") if self.name in settings.engines else None,
            "rounds": settings.rounds,
            "prompts": [
                load_prompt(name, source_language if name == "concept" else language).sha256 for name in PROMPT_NAMES
            ],
        }
        return f"{self.version} {sha256_of(content)[:12]}"

    def parameters(
        self, node: TextNode, brief: CellBrief, concept: Concept | None = None, culture: Culture | None = None
    ) -> ChatParameters:
        """Raises InvalidInput where a paper that this one grows from is missing, or no model is named."""
        if node == "concept":
            return self._recipe(brief, concept_request(brief))
        if node == "culture" and concept is not None:
            return self._recipe(brief, culture_request(brief, concept))
        if concept is None or culture is None:
            raise InvalidInput(f"A {node} grows from other papers.", remedy="Make what comes before it first.")
        return self._recipe(brief, script_request(brief, concept, culture))

    def revision(
        self, brief: CellBrief, concept: Concept, culture: Culture, draft: Script, findings: Sequence[Finding]
    ) -> ChatParameters:
        """Rows that no finding is about stay, unless a finding is about the whole."""
        return self._recipe(brief, revision_request(brief, concept, culture, draft, findings))

    def review(self, brief: CellBrief, concept: Concept, culture: Culture, script: Script) -> ChatParameters:
        """One call for all judged gates."""
        return self._recipe(brief, review_request(brief, concept, culture, script))

    def enhancement(self, brief: CellBrief, description: str) -> ChatParameters:
        """Equal descriptions of one brief are worked out once."""
        return self._recipe(brief, enhancement_request(brief, description))

    def make(self, parameters: Any, sources: Sources, target: Path) -> Facts:
        """Writes the paper as JSON. Facts: calls, tokens, seconds, `cost_usd`, and `rows` and `why` of a script."""
        wanted = ChatParameters.model_validate(parameters)
        settings = load_settings()
        paper, facts = ask(
            self.name, wanted, settings, lambda turns, spent: self.reply_to(wanted, settings, turns, spent)
        )
        text = json.dumps(paper.model_dump(mode="json"), ensure_ascii=False, indent=2)
        target.write_text(text + "\n", encoding="utf-8")
        return facts

    def _recipe(self, brief: CellBrief, request: Request) -> ChatParameters:
        market = brief.market_brief
        wanted = resolve(load_settings(), self.name, request.node, request.language, market.writing)
        system, user = request.messages()
        return ChatParameters(
            node=request.node,
            **wanted.model_dump(),
            revision=self.revision_of(wanted.model),
            server=self.server(),
            seed=market.seed,
            prompt=request.prompt.use,
            system=system,
            user=user,
            reply=request.schema,
            frame=request.frame,
        )


class AnthropicWriter(ChatWriter):
    """Claude, with the key in ANTHROPIC_API_KEY and the address in ANTHROPIC_BASE_URL."""

    name = "anthropic"
    summary = "Concept, culture, script, review by a model of Anthropic; key in ANTHROPIC_API_KEY."

    def lacks(self) -> list[Lack]:
        return [
            *_lacking_package("langchain_anthropic", "langchain-anthropic"),
            *([] if os.environ.get("ANTHROPIC_API_KEY") else [_lacking_key("ANTHROPIC_API_KEY")]),
        ]

    def server(self) -> str:
        return bare_address(os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com")

    def reply_to(
        self, parameters: ChatParameters, settings: WritingSettings, turns: Sequence[Turn], spent: Spent
    ) -> Reply:
        def build(limit_s: float) -> Any:
            from langchain_anthropic import ChatAnthropic

            given = {} if parameters.temperature is None else {"temperature": parameters.temperature}
            return ChatAnthropic(
                model=parameters.model,
                max_tokens=parameters.max_tokens,
                timeout=limit_s,
                max_retries=0,
                base_url=os.environ.get("ANTHROPIC_BASE_URL") or "https://api.anthropic.com",
                api_key=os.environ.get("ANTHROPIC_API_KEY", ""),
                stop=None,
                **given,
            )

        return call(build, parameters, settings, turns, spent, "ANTHROPIC_API_KEY")


class OpenAIWriter(ChatWriter):
    """Any server that speaks OpenAI's chat protocol; the address in OPENAI_BASE_URL, the key in OPENAI_API_KEY."""

    name = "openai"
    summary = "The same by any OpenAI-compatible server (Ollama, vLLM, llama.cpp): OPENAI_BASE_URL, OPENAI_API_KEY."

    def lacks(self) -> list[Lack]:
        has_server = os.environ.get("OPENAI_API_KEY") or os.environ.get("OPENAI_BASE_URL")
        return [
            *_lacking_package("langchain_openai", "langchain-openai"),
            *([] if has_server else [_lacking_key("OPENAI_API_KEY", " or OPENAI_BASE_URL of a server of your own")]),
        ]

    def server(self) -> str:
        return bare_address(os.environ.get("OPENAI_BASE_URL") or _OPENAI)

    def reply_to(
        self, parameters: ChatParameters, settings: WritingSettings, turns: Sequence[Turn], spent: Spent
    ) -> Reply:
        address = os.environ.get("OPENAI_BASE_URL") or _OPENAI
        own = bare_address(address) == _OPENAI

        def build(limit_s: float) -> Any:
            from langchain_openai import ChatOpenAI

            # Servers of other makers know `max_tokens` and `seed`; OpenAI's own has other names for them.
            given: dict[str, Any] = (
                {"max_tokens": parameters.max_tokens}
                if own
                else {"extra_body": {"max_tokens": parameters.max_tokens}, "seed": parameters.seed % 2**31}
            )
            if parameters.temperature is not None:
                given["temperature"] = parameters.temperature
            return ChatOpenAI(
                model=parameters.model,
                timeout=limit_s,
                max_retries=0,
                base_url=address,
                # A server of your own may ask for no key, the library does.
                api_key=os.environ.get("OPENAI_API_KEY") or "none",
                stream_usage=True,
                use_responses_api=False,
                **given,
            )

        return call(build, parameters, settings, turns, spent, "OPENAI_API_KEY")


_OPENAI = "https://api.openai.com/v1"


def bare_address(address: str) -> str:
    """An address as a recipe and a message may name it: without user, password, query and fragment."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{host}:{parts.port}" if parts.port else host, parts.path.rstrip("/"), "", ""))


def _lacking_package(module: str, package: str) -> list[Lack]:
    if importlib.util.find_spec(module) is not None:
        return []
    return [Lack(f"the package {package}", "Install the extra `llm`: pip install 'forge-spots[llm]'.")]


def _lacking_key(variable: str, else_: str = "") -> Lack:
    return Lack(f"a key ({variable})", f"Set {variable}{else_} in the environment.")
