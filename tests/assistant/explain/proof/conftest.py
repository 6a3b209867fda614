"""Puts the shared test helpers on the path, as `pythonpath` would."""

from __future__ import annotations
