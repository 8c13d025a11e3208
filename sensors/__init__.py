"""What sets the graph in motion: the brief inbox, approvals, library changes, and failed runs."""

from __future__ import annotations

from sensors.approvals import approvals
from sensors.failures import failures
from sensors.inbox import brief_inbox
from sensors.library_changes import library_changes

SENSORS = [brief_inbox, approvals, library_changes, failures]
