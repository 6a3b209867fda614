"""REST as another program meets it: over a socket, with keys."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openai_server import OpenAiServer, Reply, ToolCall
from service_bench import Bench, bearer, service_bench

from assistant.interfaces import http_api_models as m
from assistant.interfaces.http_api_keys import ApiKeys

YESTERDAY = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)


@pytest.fixture(scope="module")
def bench(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with service_bench(home, tmp_path_factory.mktemp("rest") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def key(bench: Bench) -> str:
    return bench.key("reports")


def code(reply: httpx.Response) -> str:
    return str(reply.json()["error"]["code"])


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block for block in text.strip().split("\n\n") if not block.startswith(":")]
    return [(b.split("\n")[0].removeprefix("event: "), json.loads(b.split("\n")[1].removeprefix("data: "))) for b in blocks]


def eventually(is_so: Callable[[], bool], within_s: float = 10) -> bool:
    end = time.monotonic() + within_s
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    return is_so()


def test_an_answer_is_the_public_contract_field_by_field(bench: Bench, key: str):
    reply = bench.ask("revenue in March 2017", key=key)
    assert reply.status_code == 200
    answer = reply.json()
    assert answer["headline"] == "Revenue was $380,300.74 in March 2017."
    assert answer["tables"][0]["rows"] == [[380300.74]]
    assert m.AnswerOut.model_validate(answer).model_dump(mode="json").keys() == answer.keys()


def test_a_stream_tells_the_steps_and_then_the_same_answer(bench: Bench, key: str):
    headers = bearer(key) | {"Accept": "text/event-stream"}
    reply = bench.client.post("/v1/ask", json={"question": "revenue in March 2017"}, headers=headers)
    assert reply.headers["content-type"].startswith("text/event-stream")
    heard = events(reply.text)
    assert [name for name, _ in heard[-2:]] == ["step", "answer"]
    assert heard[0] == ("step", {"text": "Reading the question"})
    assert heard[-1][1]["headline"] == bench.ask("revenue in March 2017", key=key).json()["headline"]


def test_a_client_that_hangs_up_leaves_nothing_in_flight(bench: Bench, key: str):
    headers = bearer(key) | {"Accept": "text/event-stream"}
    with bench.client.stream("POST", "/v1/ask", json={"question": "revenue by week in 2017"}, headers=headers) as reply:
        next(reply.iter_lines())
    assert bench.ask("visits in 2017", key=key).json()["tables"][0]["rows"] == [[155762]]
    assert eventually(lambda: bench.service.desk.in_flight == 0)


def test_a_declined_question_is_a_result(bench: Bench, key: str):
    reply = bench.ask("what is our profit margin?", key=key)
    assert (reply.status_code, reply.json()["status"]) == (200, "declined")


def test_a_follow_up_goes_on_in_its_thread_and_a_chosen_plan_runs(bench: Bench, key: str):
    first = bench.ask("revenue in March 2017", key=key, thread="follow").json()
    assert bench.ask("and in April?", key=key, thread="follow").json()["tables"][0]["rows"] == [[373646.21]]
    again = bench.ask("the same again", key=key, plan=first["plan"]).json()
    assert again["tables"] == first["tables"]


def test_an_invented_plan_is_declined_like_any_other(bench: Bench, key: str):
    reply = bench.ask("x", key=key, plan=[{"tool": "drop_tables", "arguments": {}}]).json()
    assert (reply["status"], reply["error"]["code"]) == ("declined", "unknown_name")


def test_threads_are_listed_shown_and_deleted_by_their_owner_only(bench: Bench, key: str):
    bench.ask("revenue in March 2017", key=key, thread="mine")
    other = bearer(bench.key("someone-else"))
    assert [t["opening"] for t in bench.client.get("/v1/threads", headers=bearer(key)).json()["threads"] if t["id"] == "mine"]
    shown = bench.client.get("/v1/threads/mine", headers=bearer(key)).json()
    assert [(t["question"], t["sentence"]) for t in shown["turns"]] == [("revenue in March 2017", "Revenue, March 2017")]
    assert bench.client.get("/v1/threads", headers=other).json() == {"threads": []}
    for method in ("GET", "DELETE"):
        reply = bench.client.request(method, "/v1/threads/mine", headers=other)
        assert (reply.status_code, code(reply)) == (404, "thread_unknown")
        unknown = bench.client.request(method, "/v1/threads/never-was", headers=other)
        assert unknown.json()["error"] == reply.json()["error"]
    assert bench.client.delete("/v1/threads/mine", headers=bearer(key)).status_code == 200
    assert bench.client.get("/v1/threads/mine", headers=bearer(key)).status_code == 404


def test_a_thumb_is_kept_for_one_s_own_answer_only(bench: Bench, key: str):
    answer = bench.ask("visits in 2017", key=key).json()
    body = {"answer_id": answer["id"], "thumb": "down", "reason": "I meant unique visitors"}
    assert code(bench.client.post("/v1/feedback", json=body, headers=bearer(bench.key("not-mine")))) == "answer_unknown"
    assert bench.client.post("/v1/feedback", json=body, headers=bearer(key)).json() == {"status": "ok"}
    (kept,) = bench.service._thumbs.judged()
    assert (kept.question, kept.up, kept.reason, kept.surface) == ("visits in 2017", False, "I meant unique visitors", "rest")
    assert kept.plan == answer["plan"]


def test_the_catalogue_names_what_the_role_may_use(bench: Bench, key: str):
    catalogue = bench.client.get("/v1/metrics", headers=bearer(key)).json()
    revenue = next(each for each in catalogue["metrics"] if each["name"] == "revenue")
    assert (revenue["unit"], revenue["format"]) == ("USD", "money")
    assert any(d["label"] == "department" for d in catalogue["dimensions"])


def test_what_is_being_typed_is_completed(bench: Bench, key: str):
    found = bench.client.get("/v1/complete", params={"prefix": "reven"}, headers=bearer(key)).json()["suggestions"]
    assert found[0]["text"] == "revenue"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ({}, "key_missing"),
        ({"Authorization": "Bearer candor_00000000_" + "x" * 43}, "key_invalid"),
        ({"Authorization": "Bearer nonsense"}, "key_invalid"),
        ({"Authorization": "Basic YTpi"}, "key_missing"),
    ],
)
def test_without_a_good_key_nothing_is_served(bench: Bench, header: dict[str, str], expected: str):
    for method, path in (("POST", "/v1/ask"), ("GET", "/v1/threads"), ("GET", "/v1/metrics"), ("GET", "/v1/complete?prefix=a")):
        reply = bench.client.request(method, path, headers=header, json={"question": "x"} if method == "POST" else None)
        assert (reply.status_code, code(reply)) == (401, expected)
        assert reply.headers["www-authenticate"] == "Bearer"


def test_an_expired_and_a_revoked_key_say_so_at_once(bench: Bench):
    expired = bench.key("old", expires_at=YESTERDAY)
    assert code(bench.ask("visits in 2017", key=expired)) == "key_expired"
    revoked = bench.key("gone")
    assert bench.ask("visits in 2017", key=revoked).status_code == 200
    ApiKeys(bench.settings.home).revoke("gone")
    assert code(bench.ask("visits in 2017", key=revoked)) == "key_revoked"


def test_a_key_has_the_rights_of_its_role_and_of_its_user(bench: Bench, key: str):
    listing = "list the households with the highest revenue in 2017"
    allowed = bench.ask(listing, key=bench.key("steward", user="stella")).json()
    refused = bench.ask(listing, key=key).json()
    assert allowed["status"] == "answered"
    assert refused["status"] in ("declined", "refused")
    assert refused["tables"] == []


def test_a_key_for_a_user_who_is_not_listed_is_refused_by_the_policy(bench: Bench):
    assert bench.ask("visits in 2017", key=bench.key("ghost", user="mallory")).json()["status"] == "refused"


@pytest.mark.parametrize(
    ("content", "status", "expected"),
    [
        (b"{not json", 400, "bad_json"),
        (b'"text"', 422, "invalid"),
        (b"{}", 422, "invalid"),
        (b'{"question": ""}', 422, "invalid"),
        (b'{"question": "x", "surprise": 1}', 422, "invalid"),
        (b'{"question": "x", "thread": "a/b"}', 422, "invalid"),
        (b'{"question": "\\ud800"}', 422, "invalid"),
        (b'{"question": "' + b"x" * 4001 + b'"}', 422, "invalid"),
        (b'{"question": "' + b"x" * 70_000 + b'"}', 413, "body_too_large"),
    ],
)
def test_bad_bodies_are_named(bench: Bench, key: str, content: bytes, status: int, expected: str):
    reply = bench.client.post("/v1/ask", content=content, headers=bearer(key) | {"Content-Type": "application/json"})
    assert (reply.status_code, code(reply)) == (status, expected)
    assert reply.json()["request_id"] == reply.headers["x-request-id"]


def test_a_body_without_a_length_is_limited_too(bench: Bench, key: str):
    def pieces() -> Iterator[bytes]:
        yield b'{"question": "'
        for _ in range(100):
            yield b"x" * 1000

    reply = bench.client.post("/v1/ask", content=pieces(), headers=bearer(key) | {"Content-Type": "application/json"})
    assert (reply.status_code, code(reply)) == (413, "body_too_large")


def test_unknown_routes_and_methods_are_errors_in_the_same_form(bench: Bench, key: str):
    assert code(bench.client.get("/v1/nothing", headers=bearer(key))) == "no_such_route"
    reply = bench.client.get("/v1/ask", headers=bearer(key))
    assert (reply.status_code, reply.headers["allow"], code(reply)) == (405, "POST", "method_not_allowed")


def test_a_request_id_is_kept_or_made(bench: Bench):
    assert bench.client.get("/v1/threads", headers={"X-Request-Id": "job-7"}).headers["x-request-id"] == "job-7"
    odd = bench.client.get("/v1/threads", headers={"X-Request-Id": "a b"}).headers["x-request-id"]
    assert len(odd) == 16


def test_health_and_readiness(bench: Bench):
    assert bench.client.get("/healthz").json()["warehouse"] == "completejourney"
    assert bench.client.get("/readyz").json() == {"status": "ready", "in_flight": 0}


def test_logs_hold_no_question_and_no_key(bench: Bench, key: str, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO", logger="assistant"):
        bench.ask("revenue of Zanzibar in 2017", key=key)
    written = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records)
    assert "answer" in written
    assert "Zanzibar" not in written
    assert key not in written
    assert "key:reports" not in written


def test_a_key_that_asks_too_often_is_told_when_to_come_again(home: Path, tmp_path: Path):
    with service_bench(home, tmp_path / "home", api_per_minute=3) as bench:
        key, other = bench.key("eager"), bench.key("calm")
        replies = [bench.client.get("/v1/threads", headers=bearer(key)) for _ in range(4)]
        assert [r.status_code for r in replies] == [200, 200, 200, 429]
        assert code(replies[-1]) == "rate_limited"
        assert 1 <= int(replies[-1].headers["retry-after"]) <= 20
        assert bench.client.get("/v1/threads", headers=bearer(other)).status_code == 200


@pytest.mark.slow
def test_a_stream_tells_each_proven_sentence_of_a_language_model(home: Path, tmp_path: Path):
    def brain(request: dict[str, Any]) -> Reply:
        if any(message["role"] == "tool" for message in request["messages"]):
            return Reply(text="There were 155,762 visits in 2017. There were 999 cats.")
        window = {"start": "2017-01-01", "end": "2017-12-31"}
        return Reply(calls=(ToolCall("query_metrics", {"metrics": [{"metric": "visits"}], "window": window}),))

    with OpenAiServer(brain) as model, service_bench(home, tmp_path / "home", mind="model", model="m", model_url=model.url) as bench:
        headers = bearer(bench.key("reports")) | {"Accept": "text/event-stream"}
        heard = events(bench.client.post("/v1/ask", json={"question": "visits in 2017"}, headers=headers, timeout=60).text)
    assert [data["text"].strip() for name, data in heard if name == "sentence"] == ["There were 155,762 visits in 2017."]
    assert heard[-1][0] == "answer"
    assert heard[-1][1]["tables"][0]["rows"] == [[155762]]
    assert "999" not in heard[-1][1]["text"]
