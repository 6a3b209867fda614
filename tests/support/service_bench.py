"""A service over a real warehouse on a loopback socket, with a home folder of its own.

with service_bench(built_home, folder) as bench:
    bench.ask("revenue in 2017", key=bench.key("reports"))
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from live_server import serving
from slack_server import SlackServer

from assistant import Settings, build
from assistant.current import kept_current
from assistant.interfaces.http_api_keys import ApiKeys
from assistant.interfaces.serve import Parts, Service

USERS = """
users:
  ana: {role: business_user}
  stella: {role: data_steward}
  cli: {role: business_user}
  rest: {role: business_user}
  mcp: {role: business_user}
  slack: {role: business_user}
"""


@dataclass(kw_only=True)
class Bench:
    """One running service."""

    url: str
    service: Service
    settings: Settings
    client: httpx.Client

    def key(self, name: str, *, user: str | None = None, role: str | None = None, **options: Any) -> str:
        """A new API key; with the least role when none is given."""
        return ApiKeys(self.settings.home).add(name, user=user, role=role if role or user else "business_user", **options)[0]

    def ask(self, question: str, *, key: str, **body: Any) -> httpx.Response:
        return self.client.post("/v1/ask", json={"question": question, **body}, headers=bearer(key))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def home_over(built_home: Path, folder: Path) -> Path:
    """A home folder with keys, users and conversations of its own over warehouses that are built already."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "warehouses").symlink_to(built_home / "warehouses")
    (folder / "users.yaml").write_text(USERS, encoding="utf-8")
    return folder


@contextmanager
def slack_bench(
    built_home: Path, folder: Path, slack: SlackServer, config: str = "", parts: Parts | None = None, **options: Any
) -> Iterator[Bench]:
    """REST and Slack against this loopback Slack; `config` is slack.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "slack.yaml").write_text(config, encoding="utf-8")
    given = {"slack_api_url": slack.api_url, "slack_bot_token": slack.TOKEN, "slack_signing_secret": slack.SECRET, **options}
    with service_bench(built_home, folder, parts or Parts(chat=False, rest=True, mcp=False, slack=True), **given) as bench:
        slack.app_url = f"{bench.url}/slack/events"
        yield bench


@contextmanager
def service_bench(built_home: Path, folder: Path, parts: Parts | None = None, **options: Any) -> Iterator[Bench]:
    """REST (or the parts given) over The Complete Journey."""
    given = {"warehouse": "completejourney", "workers": 1, "api_per_minute": 100_000, **options}
    settings = Settings(home=home_over(built_home, folder), **given)
    assistant = kept_current(build(settings), settings)
    try:
        service = Service(assistant, settings, parts or Parts(chat=False, rest=True, mcp=False, slack=False))
        with serving(service.app) as url, httpx.Client(base_url=url, timeout=30) as client:
            yield Bench(url=url, service=service, settings=settings, client=client)
    finally:
        assistant.close()
