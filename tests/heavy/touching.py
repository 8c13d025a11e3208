"""Touches the device when it is imported, as some libraries do."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

touched = ModuleType("torch")
touched.cuda = SimpleNamespace(is_initialized=lambda: True)  # type: ignore[attr-defined]
sys.modules["torch"] = touched
