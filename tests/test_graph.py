"""The graph as a person reviews it: keys, deps, partitions, pools, kinds and checks, against a small snapshot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import dagster as dg

from forge_jobs.definitions import build_defs

SNAPSHOT = Path(__file__).parent / "graph_snapshot.txt"


def graph_as_text() -> str:
    """One line per asset and check; what a change of the graph has to show."""
    graph = build_defs().resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.to_user_string()):
        node = graph.get(key)
        parents = ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys)) or "-"
        partitions = "|".join(sorted(_names(node.partitions_def)))
        pool = ", ".join(sorted(node.pools or ())) or "-"
        lines.append(
            f"{key.to_user_string()} [{partitions}] group={node.group_name} pool={pool} "
            f"{'external' if node.is_external else 'made'} <- {parents}"
        )
        for check in sorted(node.check_keys, key=lambda check: check.name):
            spec = graph.get(check)
            lines.append(
                f"  check {check.name} blocking={spec.blocking} [{'|'.join(sorted(_names(spec.partitions_def)))}]"
            )
    return "\n".join(lines) + "\n"


def _names(partitions: dg.PartitionsDefinition | None) -> list[str]:
    if isinstance(partitions, dg.MultiPartitionsDefinition):
        return [dimension.name for dimension in partitions.partitions_defs]
    assert isinstance(partitions, dg.DynamicPartitionsDefinition)
    return [partitions.name or ""]


def test_the_graph_is_the_one_reviewed() -> None:
    assert graph_as_text() == SNAPSHOT.read_text(encoding="utf-8"), (
        "The graph has changed. If that is meant, write the snapshot anew: python -m tests.test_graph"
    )


def test_every_asset_is_described_owned_and_versioned() -> None:
    graph = build_defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key
        assert node.is_external or node.code_version, key


def test_a_part_of_the_definitions_can_be_replaced() -> None:
    defs = build_defs(sensors=[])
    assert list(defs.resolve_asset_graph().get_all_asset_keys())
    assert list(defs.get_repository_def().sensor_defs) == []


def test_loading_the_definitions_loads_no_heavy_library() -> None:
    heavy = ("torch", "diffusers", "transformers", "accelerate", "moviepy", "langchain", "langchain_core")
    program = f"import sys, forge_jobs.definitions; print([name for name in {heavy!r} if name in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


if __name__ == "__main__":
    SNAPSHOT.write_text(graph_as_text(), encoding="utf-8")
