"""The licences of what is installed: permissive, or named on the page of licences."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).parent
PAGE = HERE.parents[0] / "docs" / "licences.md"


def allowed() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((HERE / "licences.yaml").read_text(encoding="utf-8"))
    return read


def is_permissive(licence: str, permissive: set[str]) -> bool:
    """Whether all that an expression asks for is permissive; of alternatives, one is enough."""
    text = licence.strip()
    if text in permissive:
        return True
    if text.startswith("MIT License\n"):  # Some packages give the text instead of the name.
        return True
    for joint, enough in ((r"; |\s+AND\s+", all), (r"\s+OR\s+", any)):
        parts = [part.strip().strip("()") for part in re.split(joint, text)]
        if len(parts) > 1:
            return enough(is_permissive(part, permissive) for part in parts)
    return False


@pytest.fixture(scope="module")
def installed() -> list[dict[str, str]]:
    program = Path(sys.executable).parent / "pip-licenses"
    said = subprocess.run([program, "--from=mixed", "--format=json"], capture_output=True, text=True, check=True).stdout
    found: list[dict[str, str]] = json.loads(said)
    return found


def test_every_package_is_permissive_or_named(installed: list[dict[str, str]]) -> None:
    rules = allowed()
    permissive, named = set(rules["permissive"]), rules["named"]
    assert len(installed) > 100
    unknown = {
        f"{package['Name']} {package['Version']}: {package['License'][:120]}"
        for package in installed
        if package["Name"] != "forge-spots"
        and package["License"] not in named.get(package["Name"].lower(), [])
        and not is_permissive(package["License"], permissive)
    }
    assert not unknown, "read these licences, then add them to tests/licences.yaml and docs/licences.md"


def test_what_is_named_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for package in allowed()["named"]:
        assert re.search(rf"\b{re.escape(package)}\b", page), package


@pytest.mark.parametrize(
    ("licence", "permissive"),
    [
        ("MIT", True), ("Apache-2.0 OR GPL-3.0", True), ("Apache-2.0 AND GPL-3.0", False), ("GPL-3.0", False),
        ("MIT License; BSD License", True), ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("AGPL-3.0-only", False), ("UNKNOWN", False), ("MIT License\n\nCopyright (c)", True),
    ],
)  # fmt: skip
def test_expressions(licence: str, permissive: bool) -> None:
    assert is_permissive(licence, set(allowed()["permissive"])) == permissive
