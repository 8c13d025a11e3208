"""The catalogue: what it must hold, what follows from an entry, and the table in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from forge_resources.models.catalogue import PRESETS, load_catalogue, memory_gb

PAGE = Path(__file__).parents[1] / "docs" / "models.md"
BEGIN, END = "<!-- catalogue: begin;", "<!-- catalogue: end -->"


def catalogue_table() -> str:
    """The catalogue as the Markdown table of the page."""
    columns = [
        "model", "size", "steps", "guidance", "negative", "tokens", *PRESETS, "download", "licence", "commercial"
    ]  # fmt: skip
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    for slug, model in load_catalogue().models.items():
        guidance = model.guidance
        scale = (
            f"{guidance.lowest:g}–{guidance.highest:g}" if guidance.kind == "free" else f"fixed {guidance.default:g}"
        )
        cells = [
            f"`{slug}`",
            f"{model.native_width} × {model.native_height}",
            f"{model.steps.default:g}",
            scale,
            "yes" if model.negative_prompt else "no",
            model.tokens,
            *(f"{memory_gb(model, preset):g}" for preset in PRESETS),
            f"{model.download_gb:g} GB",
            model.licence.name + (", gated" if model.gated else ""),
            model.licence.commercial,
        ]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def page_with_table() -> str:
    """The page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    first, _, _ = rest.partition("\n")
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}{first}\n\n{catalogue_table()}\n\n{END}{tail}"


def test_the_page_has_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == page_with_table(), "Write it anew: python -m tests.test_model_catalogue"


@pytest.mark.parametrize(
    "slug",
    [
        "sd-1.5", "sd-1.5-lcm", "sd-turbo", "sdxl-base", "sdxl-turbo", "sdxl-lightning", "sd-3.5-large",
        "sd-3.5-large-turbo", "sd-3.5-medium", "flux-1-dev",
        "flux-1-schnell", "flux-2-dev", "flux-2-klein-4b", "z-image-turbo", "qwen-image",
    ],
)  # fmt: skip
def test_a_model_is_in_it(slug: str) -> None:
    model = load_catalogue().model(slug)
    assert "@" in model.source
    assert len(model.source.rpartition("@")[2]) == 40, "a revision is a commit"


def test_smaller_presets_need_less() -> None:
    for model in load_catalogue().models.values():
        needs = {preset: memory_gb(model, preset) for preset in PRESETS}
        assert needs["4-bit"] < needs["8-bit"] < needs["full"]
        assert needs["group-offload"] < needs["model-offload"] < needs["full"]


if __name__ == "__main__":
    PAGE.write_text(page_with_table(), encoding="utf-8")
