"""Reading the YAML files that belong to Forge itself.

What belongs here: which loader. What does not: what anybody else may have written (see `briefs.strict_yaml`).
"""

from __future__ import annotations

from typing import Any

import yaml

# libyaml where PyYAML has it, as its wheels do: ten times as quick as the pure parser.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(text: str) -> Any:
    """The plain values of a document. Raises yaml.YAMLError."""
    return yaml.load(text, Loader=LOADER)
