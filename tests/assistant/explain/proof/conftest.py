"""Puts the shared test helpers on the path, as `pythonpath` would."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "support"))
