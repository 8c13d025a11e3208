"""`forge` called in this process, because starting one takes longer than most calls."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from forge_jobs.command import main
from tests.conftest import VARIABLES

ANY = -1
"""Whatever the exit status is."""


def forge(*arguments: str | Path, home: Path, status: int = 0, **environment: str) -> Any:
    """What a call prints as JSON."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    inbox = {"FORGE_HOME": str(home), "FORGE_INBOX": str(home.parent / "inbox")}
    out = io.StringIO()
    with (
        tempfile.TemporaryFile("w+") as err,
        patch.dict(os.environ, {**kept, **inbox, **environment}, clear=True),
        patch.object(sys, "argv", ["forge", *map(str, arguments), "--json"]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        with pytest.raises(SystemExit) as left:
            main()
        err.seek(0)
        said = err.read()
    assert status == ANY or (left.value.code or 0) == status, f"{out.getvalue()}\n{said}"
    return json.loads(out.getvalue()) if out.getvalue() else said
