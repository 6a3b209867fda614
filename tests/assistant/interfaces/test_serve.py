"""`assistant serve` as processes of their own: all surfaces in one, two beside each other, and an orderly end."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai_server import OpenAiServer, Reply, ToolCall
from service_bench import bearer, home_over
from slack_server import SlackServer

from assistant.interfaces.http_api_keys import ApiKeys

pytestmark = pytest.mark.slow

CLI = [sys.executable, "-m", "assistant.interfaces.cli"]
CHECKOUT = Path(__file__).parents[3]
MARCH = "Revenue was $380,300.74 in March 2017."


@dataclass(kw_only=True)
class Running:
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, within_s: float = 60) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=within_s)

    def lines(self) -> list[dict[str, Any]]:
        """The log, without the line for people."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(home: Path, *options: str, port: int = 0, **env: str) -> Iterator[Running]:
    """`assistant serve` until the block ends."""
    port = port or free_port()
    given = {key: value for key, value in os.environ.items() if not key.startswith(("CHAINLIT_", "ASSISTANT_"))}
    given |= {
        "PYTHONPATH": str(CHECKOUT),
        "ASSISTANT_HOME": str(home),
        "ASSISTANT_WAREHOUSE": "completejourney",
        "ASSISTANT_WORKERS": "1",
        "ASSISTANT_PREPARE": "false",
        **env,
    }
    log = home / f"serve-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*CLI, "serve", "--port", str(port), *options], stdout=out, stderr=out, env=given, cwd=home, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=5).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        else:
            pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")
        yield Running(url=f"http://127.0.0.1:{port}", process=process, log=log)
    finally:
        process.kill()
        process.wait()


def slack_settings(slack: SlackServer) -> dict[str, str]:
    return {
        "ASSISTANT_SLACK_API_URL": slack.api_url,
        "ASSISTANT_SLACK_BOT_TOKEN": slack.TOKEN,
        "ASSISTANT_SLACK_SIGNING_SECRET": slack.SECRET,
    }


def ask(url: str, key: str, question: str = "revenue in March 2017", **body: Any) -> httpx.Response:
    return httpx.post(f"{url}/v1/ask", json={"question": question, **body}, headers=bearer(key), timeout=150)


def test_chat_rest_mcp_and_slack_run_in_one_process_and_end_together(home: Path, tmp_path: Path):
    if find_spec("chainlit") is None:
        pytest.skip("chainlit is not installed")
    folder, metrics = home_over(home, tmp_path / "home"), free_port()
    key, _ = ApiKeys(folder).add("job", user="ana")
    with SlackServer() as slack, serving(folder, ASSISTANT_METRICS_PORT=str(metrics), **slack_settings(slack)) as server:
        assert "<html" in httpx.get(server.url).text
        assert ask(server.url, key).json()["headline"] == MARCH
        assert httpx.post(f"{server.url}/mcp", json={}).status_code == 401
        slack.app_url = f"{server.url}/slack/events"
        slack.direct("U1", "revenue in March 2017")
        assert slack.answer().headline == MARCH
        counted = httpx.get(f"http://127.0.0.1:{metrics}/metrics").text
        assert httpx.get(f"{server.url}/metrics").text != counted
        assert server.stop() == 0
    assert 'candor_questions_total{status="answered",surface="rest"} 1.0' in counted
    assert 'candor_questions_total{status="answered",surface="slack"} 1.0' in counted
    assert re.search(r'candor_http_requests_total\{code="200",method="POST",route="/v1/ask"\} 1\.0', counted)
    written = server.log.read_text()
    assert {line["event"] for line in server.lines()} >= {"answer", "request", "stopping"}
    assert "Traceback" not in written
    assert not [private for private in ("March 2017", '"ana"', key, "U1") if private in written]


def test_a_second_process_shares_keys_threads_thumbs_and_slack_events(home: Path, tmp_path: Path):
    folder = home_over(home, tmp_path / "home")
    with (
        SlackServer() as slack,
        serving(folder, "--no-chat", **slack_settings(slack)) as one,
        serving(folder, "--no-chat", **slack_settings(slack)) as two,
    ):
        key, _ = ApiKeys(folder).add("job", user="ana")
        first = ask(one.url, key, thread="shared").json()
        assert ask(two.url, key, "and in April?", thread="shared").json()["tables"][0]["rows"] == [[373646.21]]
        thumb = {"answer_id": first["id"], "thumb": "up"}
        assert httpx.post(f"{two.url}/v1/feedback", json=thumb, headers=bearer(key)).status_code == 200

        event = {"type": "message", "channel_type": "im", "user": "U1", "channel": "DU1", "text": "revenue in March 2017", "ts": "1.1"}
        for retry, url in enumerate((one.url, two.url, one.url)):
            slack.app_url = f"{url}/slack/events"
            assert slack.event(event, event_id="Ev1", retry=retry).status == 200
        assert slack.answer().headline == MARCH
        time.sleep(0.5)
        assert len(slack.messages) == 1

        ApiKeys(folder).revoke("job")
        assert [ask(each.url, key).status_code for each in (one, two)] == [401, 401]


@contextmanager
def slow_model(seconds: float) -> Iterator[dict[str, str]]:
    """Settings of a language model that takes its time, so that a question stays in flight."""

    ended = threading.Event()

    def brain(request: dict[str, Any]) -> Reply:
        ended.wait(seconds)
        if any(message["role"] == "tool" for message in request["messages"]):
            return Reply(text="That is all.")
        return Reply(
            calls=(ToolCall("query_metrics", {"metrics": [{"metric": "visits"}], "window": {"start": "2017-01-01", "end": "2017-12-31"}}),)
        )

    with OpenAiServer(brain) as server:
        yield {"ASSISTANT_MIND": "model", "ASSISTANT_MODEL": "slow", "ASSISTANT_MODEL_URL": server.url}
        ended.set()


def in_flight(url: str) -> int:
    return int(httpx.get(f"{url}/readyz", timeout=5).json()["in_flight"])


def test_on_a_stop_answers_in_flight_finish_and_new_questions_are_told(home: Path, tmp_path: Path):
    folder = home_over(home, tmp_path / "home")
    key, _ = ApiKeys(folder).add("job", user="ana")
    with slow_model(2) as model, serving(folder, "--no-chat", ASSISTANT_STOP_GRACE_S="150", **model) as server:
        replies: list[httpx.Response] = []
        asking = threading.Thread(target=lambda: replies.append(ask(server.url, key, "How many visits were there in 2017?")))
        asking.start()
        while not in_flight(server.url):
            time.sleep(0.02)
        # As Ctrl+C does: to the service and its query processes alike.
        os.killpg(server.process.pid, signal.SIGINT)
        time.sleep(0.5)
        refused = ask(server.url, key)
        assert (refused.status_code, refused.json()["error"]["code"], refused.headers["retry-after"]) == (503, "stopping", "30")
        assert httpx.get(f"{server.url}/readyz").json() == {"status": "stopping"}
        asking.join(150)
        assert server.process.wait(timeout=60) == 0
    assert replies[0].json()["tables"][0]["rows"] == [[155762]]


def test_what_does_not_finish_in_time_is_said_to_be_cut(home: Path, tmp_path: Path):
    folder = home_over(home, tmp_path / "home")
    key, _ = ApiKeys(folder).add("job", user="ana")
    with SlackServer() as slack, slow_model(90) as model:
        with serving(folder, "--no-chat", ASSISTANT_STOP_GRACE_S="0.5", **model, **slack_settings(slack)) as server:
            slack.app_url = f"{server.url}/slack/events"
            slack.direct("U1", "How many visits were there in 2017?")
            heard: list[str] = []

            def listen() -> None:
                headers = bearer(key) | {"Accept": "text/event-stream"}
                with httpx.stream(
                    "POST", f"{server.url}/v1/ask", json={"question": "visits in 2017"}, headers=headers, timeout=60
                ) as reply:
                    heard.extend(reply.iter_lines())

            listening = threading.Thread(target=listen)
            listening.start()
            while in_flight(server.url) < 2:
                time.sleep(0.02)
            assert server.stop(within_s=60) == 0
            listening.join(10)
        said = "The service is being restarted, and this answer was cut."
        assert heard[-3] == "event: error"
        assert json.loads(heard[-2].removeprefix("data: "))["error"]["message"] == said
        assert slack.messages[0].headline.startswith(said)


def test_a_kill_in_mid_answer_leaves_no_half_answer_and_no_second_one(home: Path, tmp_path: Path):
    folder = home_over(home, tmp_path / "home")
    key, _ = ApiKeys(folder).add("job", user="ana")
    event = {"type": "message", "channel_type": "im", "user": "U1", "channel": "DU1", "text": "revenue in March 2017", "ts": "1.1"}
    with SlackServer() as slack:
        with slow_model(20) as model, serving(folder, "--no-chat", **model, **slack_settings(slack)) as server:
            port = int(server.url.rsplit(":", 1)[1])
            slack.app_url = f"{server.url}/slack/events"
            slack.event(event, event_id="Ev1")
            while not in_flight(server.url):
                time.sleep(0.02)
            server.process.kill()
        with serving(folder, "--no-chat", port=port, **slack_settings(slack)) as server:
            slack.wait(lambda: slack.completed())
            slack.event(event, event_id="Ev1", retry=1)
            time.sleep(0.5)
            assert [m.headline for m in slack.messages] == ["I was interrupted before this was answered. Please ask again."]
            assert httpx.get(f"{server.url}/v1/threads", headers=bearer(key)).json() == {"threads": []}
