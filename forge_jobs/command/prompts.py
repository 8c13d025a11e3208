"""`forge prompts`: the prompts of the writing room, and one of them as a cell gets it. No model is called."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar, cast

import click
from upath import UPath

from forge_jobs.command.output import EXIT_DONE, json_option, print_json, print_table
from forge_resources.briefs.check import check_file
from forge_resources.engines.contract import TextEngine, TextNode
from forge_resources.engines.registry import engine
from forge_resources.errors import InvalidInput, NotFound
from forge_resources.library.catalogue import compose_audience
from forge_resources.schemas.brief import CellBrief
from forge_resources.schemas.script import Concept, Culture, Script
from forge_resources.schemas.types import Document
from forge_resources.settings import Settings
from forge_resources.studio import Studio
from forge_resources.writing.chat.requests import (
    Request,
    concept_request,
    culture_request,
    enhancement_request,
    review_request,
    revision_request,
    script_request,
)
from forge_resources.writing.gates.examination import Examination
from forge_resources.writing.gates.script_gates import computed_reports, findings_of
from forge_resources.writing.prompts import PROMPT_NAMES, Prompt, PromptName, all_prompts, load_prompt

Paper = TypeVar("Paper", bound=Document)


@click.command()
@click.argument("name", required=False)
@click.argument("brief", required=False)
@click.option("--market", help="The market of the cell; the brief's first where it is not named.")
@click.option("--persona", help="The persona of the cell; the brief's first where it is not named.")
@json_option
def prompts(name: str | None, brief: str | None, market: str | None, persona: str | None, as_json: bool) -> int:
    """The prompts of the writing room.

    Without NAME, a list of them. With NAME (concept, culture, script, adaptation, revision, review, enhancement), that
    prompt as its file has it. With BRIEF (a file) as well, the prompt as a cell of it gets it; no model is called.
    Papers that the prompt needs are those of the cell, or composed by `draft` where it has none yet.
    """
    if name is None:
        _list(all_prompts(), as_json)
        return EXIT_DONE
    if name not in PROMPT_NAMES:
        raise InvalidInput(f"There is no prompt `{name}`.", remedy=f"There are {', '.join(PROMPT_NAMES)}.")
    if brief is None:
        _show(load_prompt(name), as_json)
        return EXIT_DONE
    studio = Studio(Settings.from_environment())
    cell = _cell_of(studio, brief, market, persona)
    request = _request(studio, name, cell)
    system, user = request.messages()
    if as_json:
        use = request.prompt.use.model_dump()
        print_json({"prompt": use, "cell": str(cell.cell), "system": system, "user": user, "reply": request.schema})
    else:
        click.echo(f"── system ──\n{system}\n── user ──\n{user}", nl=False)
    return EXIT_DONE


def _list(found: list[Prompt], as_json: bool) -> None:
    if as_json:
        print_json({"prompts": [_as_json(prompt) for prompt in found]})
        return
    print_table(
        ["prompt", "version", "content", "what for", "variables"],
        (
            (
                prompt.use.name,
                prompt.header.version,
                prompt.sha256[:12],
                prompt.header.summary,
                ", ".join(prompt.header.variables),
            )
            for prompt in found
        ),
    )


def _show(prompt: Prompt, as_json: bool) -> None:
    if as_json:
        print_json(_as_json(prompt) | {"body": prompt.body})
    else:
        click.echo(prompt.path.read_text(encoding="utf-8"), nl=False)


def _as_json(prompt: Prompt) -> dict[str, object]:
    variables = {name: variable.model_dump() for name, variable in prompt.header.variables.items()}
    return {
        **prompt.use.model_dump(),
        "language": prompt.language or None,
        "summary": prompt.header.summary,
        "file": str(prompt.path),
        "variables": variables,
    }


def _cell_of(studio: Studio, file: str, market: str | None, persona: str | None) -> CellBrief:
    """The cell as it would be filed now. Nothing is filed."""
    checked = check_file(UPath(file), studio.library, studio.profiles, store=studio.store)
    brief = checked.brief
    cells = [cell for cell in brief.cells() if market in (None, cell.market) and persona in (None, cell.persona)]
    if not cells:
        raise NotFound(
            f"The brief {brief.brief} has no cell of {market or 'any market'} and {persona or 'any persona'}.",
            remedy=f"It has {', '.join(brief.markets)}, and {', '.join(brief.personas)}.",
        )
    pictures = {
        path: hashlib.sha256(picture.data).hexdigest() + picture.suffix for path, picture in checked.pictures.items()
    }
    resolved = studio.filing.resolve(brief, pictures)
    cell = cells[0]
    market_brief, who = resolved.markets[cell.market], resolved.personas[cell.persona]
    audience = compose_audience(market_brief.market, who)
    return CellBrief(cell=cell, market_brief=market_brief, persona=who, audience=audience)


def _request(studio: Studio, name: PromptName, cell: CellBrief) -> Request:
    if name == "concept":
        return concept_request(cell)
    concept = _paper(studio, cell, "concept", Concept)
    if name == "culture":
        return culture_request(cell, concept)
    culture = _paper(studio, cell, "culture", Culture, concept)
    if name in ("script", "adaptation"):
        if (name == "adaptation") != (cell.market_brief.origin is not None):
            what = "has no script to adapt" if name == "adaptation" else "has a script to adapt"
            raise InvalidInput(f"The brief {cell.cell.brief} {what}; `{name}` is not asked for it.")
        return script_request(cell, concept, culture)
    script = studio.cabinet.find("script", cell.cell.path, Script)
    if script is None:
        raise NotFound(
            f"{cell.cell} has no script yet, and `{name}` is about one.", remedy="Make the cell first: forge run FILE."
        )
    if name == "review":
        return review_request(cell, concept, culture, script)
    if name == "enhancement":
        return enhancement_request(cell, script.rows[0].visual)
    findings = findings_of(computed_reports(Examination(script, cell)))
    return revision_request(cell, concept, culture, script, findings)


def _paper(
    studio: Studio, cell: CellBrief, node: TextNode, contract: type[Paper], concept: Concept | None = None
) -> Paper:
    """The cell's paper, or one that `draft` composes, which is said."""
    found = studio.cabinet.find(node, cell.cell.path, contract)
    if found is not None:
        return found
    click.echo(f"{cell.cell} has no {node} yet; this is with the one that `draft` composes.", err=True)
    writer = cast("TextEngine", engine("text", "draft"))
    with TemporaryDirectory(prefix="forge-prompts-") as folder:
        target = Path(folder) / "paper.json"
        writer.make(writer.parameters(node, cell, concept), {}, target)
        return contract.model_validate_json(target.read_bytes())
