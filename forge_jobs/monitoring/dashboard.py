"""The Grafana dashboard, made from `dashboard.yaml`.

What belongs here: from rows of panels to the JSON that Grafana reads. What does not: which panels there are.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from forge_resources.briefs.strict_yaml import parse_yaml

_COLUMNS, _HEIGHT = 24, 8
_SOURCE = {"type": "prometheus", "uid": "${source}"}


class Panel(BaseModel):
    """One panel. `queries` are PromQL by legend; `w` is in columns of 24."""

    model_config = ConfigDict(extra="forbid")

    title: str
    w: int = Field(ge=1, le=_COLUMNS)
    kind: Literal["timeseries", "stat"]
    queries: dict[str, str] = Field(min_length=1)
    unit: str = "short"
    stack: bool = False


class Row(BaseModel):
    """Panels under one heading."""

    model_config = ConfigDict(extra="forbid")

    title: str
    panels: list[Panel]


class Dashboard(BaseModel):
    """All of it."""

    model_config = ConfigDict(extra="forbid")

    title: str
    rows: list[Row]


def dashboard() -> Dashboard:
    """The dashboard that comes with Forge."""
    text = (files("forge_jobs.monitoring") / "dashboard.yaml").read_text(encoding="utf-8")
    return Dashboard.model_validate(parse_yaml(text, where="dashboard.yaml"))


def as_grafana(board: Dashboard) -> dict[str, Any]:
    """What Grafana reads, with the data source as a variable."""
    panels: list[dict[str, Any]] = []
    y = 0
    for row in board.rows:
        panels.append({"type": "row", "title": row.title, "gridPos": {"x": 0, "y": y, "w": _COLUMNS, "h": 1}})
        y, x = y + 1, 0
        for panel in row.panels:
            if x + panel.w > _COLUMNS:
                x, y = 0, y + _HEIGHT
            panels.append(_panel(panel, x, y))
            x += panel.w
        y += _HEIGHT
    for number, made in enumerate(panels, start=1):
        made["id"] = number
    source = {"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}
    return {
        "uid": "forge",
        "title": board.title,
        "tags": ["forge"],
        "editable": False,
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {"list": [source]},
        "panels": panels,
    }


def _panel(panel: Panel, x: int, y: int) -> dict[str, Any]:
    custom: dict[str, Any] = {"fillOpacity": 15, "showPoints": "never"}
    if panel.stack:
        custom["stacking"] = {"mode": "normal"}
    return {
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": {"x": x, "y": y, "w": panel.w, "h": _HEIGHT},
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "min": 0, **({"custom": custom} if panel.kind == "timeseries" else {})},
            "overrides": [],
        },
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": _SOURCE, "expr": expression, "legendFormat": legend}
            for number, (legend, expression) in enumerate(panel.queries.items())
        ],
    }
