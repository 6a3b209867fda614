"""A club whose every personal value can be recognised, and one user per role; a copy per file: it remembers what was shown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Settings, build

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
def club(club_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    home = shutil.copytree(club_home, tmp_path_factory.mktemp("club") / "home")
    (home / "users.yaml").write_text(USERS, encoding="utf-8")
    assistant = build(Settings(home=home, warehouse=str(CLUB)))
    yield assistant
    assistant.close()
