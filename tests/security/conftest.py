"""A club whose every personal value can be recognised, and one user per role; built anew per file: it remembers what was shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Settings, build
from assistant.building import build_generation

CLUB = Path(__file__).parent / "club"
USERS = """
users:
  bianca: {role: business_user}
  bruno: {role: business_user}
  berta: {role: business_user}
  norbert: {role: regional_manager, attributes: {region: North}}
  selma: {role: service_agent}
  marco: {role: marketer}
  stella: {role: data_steward}
  ada: {role: administrator}
"""


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = tmp_path_factory.mktemp("club-home")
    (home / "users.yaml").write_text(USERS, encoding="utf-8")
    settings = Settings(home=home, warehouse=str(CLUB))
    build_generation(settings, str(CLUB), progress=lambda _step, _fraction=None, /: None)
    assistant = build(settings)
    yield assistant
    assistant.close()
