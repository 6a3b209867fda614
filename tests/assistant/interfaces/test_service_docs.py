"""What the documents of the served surfaces promise is what is served, and their example works."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from service_bench import Bench, service_bench

from assistant import Settings
from assistant.interfaces.slack_config import SlackConfig

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(scope="module")
def bench(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with service_bench(home, tmp_path_factory.mktemp("docs") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("candor_client", DOCS / "examples" / "candor_client.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its classes look their own module up.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / document).read_text(encoding="utf-8"), flags=re.S)


def test_the_example_client_asks_streams_and_judges(bench: Bench, example: Any):
    with example.Candor(bench.url, bench.key("example")) as candor:
        answer = candor.ask("revenue in March 2017", thread="t")
        assert answer["headline"] == "Revenue was $380,300.74 in March 2017."
        heard = list(candor.stream("and in April?", thread="t"))
        assert heard[-1][0] == "answer"
        assert heard[-1][1]["tables"][0]["rows"] == [[373646.21]]
        assert candor.ask("again", plan=answer["plan"])["tables"] == answer["tables"]
        candor.judge(answer, good=False, reason="x")
        assert "revenue" in [metric["name"] for metric in candor.metrics()]
        with pytest.raises(example.CandorError, match="no answer with this id"):
            candor.judge({**answer, "id": "other"}, good=True)
    with example.Candor(bench.url, "wrong") as candor, pytest.raises(example.CandorError) as caught:
        candor.ask("x")
    assert (caught.value.status, caught.value.code) == (401, "key_invalid")


@pytest.mark.slow
def test_the_example_client_is_fully_typed():
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        "--config-file=",
        str(DOCS / "examples" / "candor_client.py"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_every_route_is_documented_and_no_other(bench: Bench):
    served = {
        f"{method.upper()} /v1{path}" for path, item in bench.client.get("/v1/openapi.json").json()["paths"].items() for method in item
    }
    text = (DOCS / "rest.md").read_text(encoding="utf-8")
    told = {f"{method} {path}".replace("{name}", "{thread}") for method, path in re.findall(r"`(GET|POST|DELETE) (/v1/[a-z/{}]+)", text)}
    assert told == served


def test_every_setting_and_metric_that_the_documents_name_exists(bench: Bench):
    known = {f"ASSISTANT_{name.upper()}" for name in Settings.model_fields} | {"ASSISTANT_MCP_KEY"}
    for document in ("rest.md", "mcp.md", "slack.md", "deploy.md"):
        named = set(re.findall(r"ASSISTANT_[A-Z]+(?:_[A-Z]+)*", (DOCS / document).read_text(encoding="utf-8")))
        assert named <= known, document
    samples = {f"{metric.name}" for metric in bench.service.metrics.registry.collect()}
    told = set(re.findall(r"`(candor_[a-z_]+?)(?:_total)?` \|", (DOCS / "deploy.md").read_text(encoding="utf-8")))
    assert told == samples


def test_the_manifest_asks_for_what_the_app_uses_and_the_file_is_valid():
    manifest, config = (yaml.safe_load(text) for text in blocks("slack.md", "yaml"))
    assert {"app_mentions:read", "chat:write", "commands", "files:write", "im:history", "im:write"} <= set(
        manifest["oauth_config"]["scopes"]["bot"]
    )
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {"app_mention", "app_home_opened", "message.im", "message.channels", "tokens_revoked", "app_uninstalled"} <= set(events)
    urls = {
        manifest["settings"]["event_subscriptions"]["request_url"],
        manifest["settings"]["interactivity"]["request_url"],
        manifest["features"]["slash_commands"][0]["url"],
    }
    assert urls == {"https://candor.example.com/slack/events"}
    assert SlackConfig.model_validate(config).digests[0].at == "08:00"
