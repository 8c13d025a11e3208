"""Text, image and voice models of one deployment in one worker: equal bytes, and one budget for all of them."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path

import pytest
from pydantic import BaseModel

from forge_resources.engines.contract import Engine
from forge_resources.gpu.hosts import InlineHost, Order
from forge_resources.voice.vits import TransformersVoice
from tests.heavy.workshop_floor import floor
from tests.test_local_writer import recipe as paper
from tests.test_local_writer import writer
from tests.test_vits import home as tiny_voice
from tests.tiny_writer import build_tiny_writer

pytestmark = [pytest.mark.long, pytest.mark.skipif(sys.platform != "linux", reason="the worker forks")]

voice_home = tiny_voice


def test_papers_and_lines_have_the_bytes_of_this_process(
    voice_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    places = {"FORGE_MODELS": str(voice_home / "models"), "FORGE_LIBRARY": str(voice_home / "library")}
    for name, value in {**places, "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    torch.set_num_threads(1)
    model = build_tiny_writer(tmp_path / "writer")
    orders: dict[str, tuple[Engine, BaseModel]] = {
        "concept": (writer(), paper("concept", model, 1)),
        "line": (
            TransformersVoice(),
            TransformersVoice().parameters("wake up before your alarm does.", "en", "en-gb", 15, Fraction(30)),
        ),
    }
    with floor(**places, OMP_NUM_THREADS="1") as made:
        for name, (engine, parameters) in orders.items():
            here, there = tmp_path / f"{name}-here", tmp_path / f"{name}-there"
            InlineHost().make(Order(engine, parameters, {}, here))
            usage = made.host.make(Order(engine, parameters, {}, there)).usage
            assert here.read_bytes() == there.read_bytes(), name
            assert usage is not None
            assert usage.loads == 1
        status = made.host.status()
        assert status is not None
        assert len(status["models"]) == len(orders)
        assert status["totals"]["processes"] == 1
