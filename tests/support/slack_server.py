"""A loopback Slack: the part of the Web API that the app uses, and events, commands and clicks signed as Slack signs them.

    with SlackServer() as slack:
        ...  app with slack_api_url=slack.api_url, bot token slack.TOKEN, signing secret slack.SECRET
        slack.app_url = "http://127.0.0.1:8000/slack/events"
        slack.mention("U1", "C1", "<@UBOT> revenue by month")
        slack.messages       what stands in the channels, in order, with what was updated

On its own it is a Slack to try the app against, with a prompt: python tests/support/slack_server.py --app http://localhost:8000/slack/events
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import itertools
import json
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

Params = dict[str, Any]


@dataclass(kw_only=True)
class Message:
    """A message as it stands now."""

    channel: str
    ts: str
    text: str
    blocks: list[dict[str, Any]]
    thread_ts: str | None = None
    only_for: str | None = None
    updates: int = 0

    @property
    def words(self) -> str:
        """Everything that a person can read in it, one line per element."""
        return "\n".join(_texts(self.blocks)) or self.text

    @property
    def headline(self) -> str:
        return next(iter(_texts(self.blocks)), self.text)

    def buttons(self) -> dict[str, dict[str, Any]]:
        """Label -> button."""
        elements = [e for block in self.blocks if block["type"] == "actions" for e in block["elements"]]
        return {e["text"]["text"]: e for e in elements}


@dataclass(kw_only=True)
class Upload:
    """A file that was shared."""

    channel: str
    thread_ts: str | None
    name: str
    content: bytes


@dataclass(frozen=True)
class Failure:
    """What the Web API says instead, once."""

    error: str = "ratelimited"
    retry_after: int | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the app answered to a delivery."""

    status: int
    body: str
    seconds: float


class SlackServer:
    """One workspace with one app in it. Ids: channels C..., direct messages D + the user's id, users U..., the bot UBOT."""

    TOKEN: ClassVar[str] = "xoxb-loopback"
    SECRET: ClassVar[str] = "loopback-signing-secret"
    BOT: ClassVar[str] = "UBOT"

    def __init__(self, port: int = 0) -> None:
        self.app_url = ""
        self.calls: list[tuple[str, Params]] = []
        self.messages: list[Message] = []
        self.uploads: list[Upload] = []
        self.homes: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, deque[Failure]] = {}
        self.on_change: Callable[[Message], None] = lambda _: None
        self.on_upload: Callable[[Upload], None] = lambda _: None
        self._changed = threading.Condition()
        self._numbers = itertools.count(1)
        self._pending: dict[str, tuple[str, bytes]] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    # --- what people do -------------------------------------------------------------------------------------------------------

    def mention(self, user: str, channel: str, text: str, *, thread_ts: str | None = None, **options: Any) -> Reply:
        """Somebody mentions the bot in a channel. The event goes out twice in Slack: as a mention and as a message."""
        event = self._said(user, channel, f"<@{self.BOT}> {text}", thread_ts) | {"channel_type": "channel"}
        self.event(event | {"type": "message"})
        return self.event(event | {"type": "app_mention"}, **options)

    def say(self, user: str, channel: str, text: str, *, thread_ts: str | None = None, **options: Any) -> Reply:
        """Somebody writes in a channel without mentioning anybody."""
        return self.event(self._said(user, channel, text, thread_ts) | {"type": "message", "channel_type": "channel"}, **options)

    def direct(self, user: str, text: str, *, thread_ts: str | None = None, **options: Any) -> Reply:
        """Somebody writes to the bot directly."""
        return self.event(self._said(user, f"D{user}", text, thread_ts) | {"type": "message", "channel_type": "im"}, **options)

    def open_home(self, user: str) -> Reply:
        return self.event({"type": "app_home_opened", "user": user, "channel": f"D{user}", "tab": "home", "event_ts": self._ts()})

    def command(self, user: str, channel: str, text: str, command: str = "/candor") -> Reply:
        number = next(self._numbers)
        form = {
            "command": command,
            "text": text,
            "user_id": user,
            "channel_id": channel,
            "team_id": "T1",
            "trigger_id": f"trigger.{number}",
            "response_url": f"{self.url}/respond/{channel}/{user}/{number}",
        }
        return self.deliver(urllib.parse.urlencode(form).encode(), "application/x-www-form-urlencoded")

    def click(self, user: str, message: Message, label: str, **options: Any) -> Reply:
        """Somebody presses the button of this label."""
        button = message.buttons()[label]
        standing = {"ts": message.ts, "text": message.text, "blocks": message.blocks, "user": self.BOT}
        standing |= {"thread_ts": message.thread_ts} if message.thread_ts else {}
        return self.press(user, button, {"channel": {"id": message.channel}, "message": standing}, **options)

    def press(self, user: str, button: dict[str, Any], where: dict[str, Any], **options: Any) -> Reply:
        """Somebody presses this button, of a message or of the home tab."""
        action = {**button, "type": "button", "block_id": "b1", "action_ts": options.pop("action_ts", None) or self._ts()}
        payload = {"type": "block_actions", "user": {"id": user}, "team": {"id": "T1"}, "trigger_id": "t", "actions": [action], **where}
        body = urllib.parse.urlencode({"payload": json.dumps(payload)}).encode()
        return self.deliver(body, "application/x-www-form-urlencoded", **options)

    def event(self, event: dict[str, Any], *, event_id: str | None = None, **options: Any) -> Reply:
        """Deliver an event, as the Events API does."""
        envelope = {
            "type": "event_callback",
            "team_id": "T1",
            "api_app_id": "A1",
            "event_id": event_id or f"Ev{next(self._numbers)}",
            "event_time": int(time.time()),
            "authorizations": [{"team_id": "T1", "user_id": self.BOT, "is_bot": True}],
            "event": event,
        }
        return self.deliver(json.dumps(envelope).encode(), "application/json", **options)

    def deliver(
        self, body: bytes, content_type: str, *, secret: str | None = None, age_s: float = 0, retry: int = 0, url: str | None = None
    ) -> Reply:
        """POST a signed body to the app."""
        timestamp = str(int(time.time() - age_s))
        base = b"v0:" + timestamp.encode() + b":" + body
        signature = "v0=" + hmac.new((secret or self.SECRET).encode(), base, hashlib.sha256).hexdigest()
        headers = {"Content-Type": content_type, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}
        headers |= {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"} if retry else {}
        request = urllib.request.Request(url or self.app_url, data=body, headers=headers, method="POST")
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return Reply(status=reply.status, body=reply.read().decode(), seconds=time.monotonic() - started)
        except urllib.error.HTTPError as error:
            return Reply(status=error.code, body=error.read().decode(), seconds=time.monotonic() - started)

    def wait(self, is_so: Callable[[], Any], within_s: float = 20) -> Any:
        """What the condition gives once it holds."""
        with self._changed:
            if not self._changed.wait_for(is_so, timeout=within_s):
                raise AssertionError(f"Slack saw only: {[m.headline for m in self.messages]}")
            return is_so()

    def answer(self, after: int = 0, *, nth: int = 0, within_s: float = 20) -> Message:
        """The answer to a question: of the messages after the first `after`, the nth that was completed."""
        done: Message = self.wait(lambda: (self.completed(after)[nth : nth + 1] or [None])[0], within_s)
        return done

    def completed(self, after: int = 0) -> list[Message]:
        return [m for m in self.messages[after:] if m.updates]

    def fail(self, method: str, *failures: Failure) -> None:
        """The next calls of this method fail so."""
        self.failures.setdefault(method, deque()).extend(failures)

    def _said(self, user: str, channel: str, text: str, thread_ts: str | None) -> dict[str, Any]:
        ts = self._ts()
        return {"user": user, "channel": channel, "text": text, "ts": ts, "event_ts": ts} | ({"thread_ts": thread_ts} if thread_ts else {})

    def _ts(self) -> str:
        return f"{int(time.time())}.{next(self._numbers):06d}"

    # --- the Web API ----------------------------------------------------------------------------------------------------------

    def call(self, method: str, params: Params) -> tuple[int, Params, dict[str, str]]:
        """Status, body and headers of one call."""
        with self._changed:
            self.calls.append((method, params))
            waiting = self.failures.get(method)
            if waiting:
                failure = waiting.popleft()
                self._changed.notify_all()
                if failure.retry_after is not None:
                    return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(failure.retry_after)}
                return 200, {"ok": False, "error": failure.error}, {}
            act = getattr(self, "_" + method.replace(".", "_"), None)
            if act is None:
                return 200, {"ok": False, "error": "unknown_method"}, {}
            reply: Params = act(params)
            self._changed.notify_all()
            return 200, reply, {}

    def _auth_test(self, _: Params) -> Params:
        return {"ok": True, "user_id": self.BOT, "bot_id": "B1", "team_id": "T1", "team": "Loopback", "user": "candor", "url": self.url}

    def _chat_postMessage(self, p: Params) -> Params:  # noqa: N802 (Slack's own name)
        return self._post(p, None)

    def _chat_postEphemeral(self, p: Params) -> Params:  # noqa: N802 (Slack's own name)
        return self._post(p, p["user"])

    def _post(self, p: Params, only_for: str | None) -> Params:
        if problem := _too_much(p):
            return {"ok": False, "error": problem}
        posted = Message(
            channel=p["channel"],
            ts=self._ts(),
            text=p.get("text", ""),
            blocks=p.get("blocks") or [],
            thread_ts=p.get("thread_ts"),
            only_for=only_for,
        )
        self.messages.append(posted)
        self.on_change(posted)
        return {"ok": True, "channel": posted.channel, "ts": posted.ts, "message_ts": posted.ts, "message": {"ts": posted.ts}}

    def _chat_update(self, p: Params) -> Params:
        found = next((m for m in self.messages if (m.channel, m.ts) == (p["channel"], p["ts"])), None)
        if found is None:
            return {"ok": False, "error": "message_not_found"}
        if problem := _too_much(p):
            return {"ok": False, "error": problem}
        found.text, found.blocks, found.updates = p.get("text", ""), p.get("blocks") or [], found.updates + 1
        self.on_change(found)
        return {"ok": True, "channel": found.channel, "ts": found.ts}

    def _conversations_open(self, p: Params) -> Params:
        return {"ok": True, "channel": {"id": f"D{p['users']}"}}

    def _views_publish(self, p: Params) -> Params:
        self.homes[p["user_id"]] = p["view"]
        return {"ok": True, "view": p["view"]}

    def _files_getUploadURLExternal(self, p: Params) -> Params:  # noqa: N802 (Slack's own name)
        file = f"F{next(self._numbers)}"
        self._pending[file] = (p["filename"], b"")
        return {"ok": True, "file_id": file, "upload_url": f"{self.url}/upload/{file}"}

    def _files_completeUploadExternal(self, p: Params) -> Params:  # noqa: N802 (Slack's own name)
        for file in p["files"]:
            name, content = self._pending.pop(file["id"])
            shared = Upload(channel=p["channel_id"], thread_ts=p.get("thread_ts"), name=name, content=content)
            self.uploads.append(shared)
            self.on_upload(shared)
        return {"ok": True, "files": p["files"]}

    def uploaded(self, file: str, content: bytes) -> None:
        with self._changed:
            self._pending[file] = (self._pending[file][0], content)

    def responded(self, channel: str, user: str, params: Params) -> None:
        """An answer by response_url."""
        with self._changed:
            self._post({**params, "channel": channel}, user if params.get("response_type") == "ephemeral" else None)
            self.messages[-1].updates = 1
            self._changed.notify_all()


def _too_much(p: Params) -> str:
    """Slack's limits, as far as its documentation gives them."""
    blocks = p.get("blocks") or []
    if len(blocks) > 50:
        return "invalid_blocks"
    for block in blocks:
        elements = block.get("elements", [])
        if block["type"] == "actions" and len(elements) > 25:
            return "invalid_blocks"
        if block["type"] == "context" and len(elements) > 10:
            return "invalid_blocks"
        for element in elements:
            if element.get("type") == "button" and (len(element["text"]["text"]) > 75 or len(element["value"]) > 2000):
                return "invalid_blocks"
    if len({e["action_id"] for b in blocks for e in b.get("elements", []) if "action_id" in e}) < sum(
        "action_id" in e for b in blocks for e in b.get("elements", [])
    ):
        return "invalid_blocks"
    if any(len(text) > 3000 for text in _texts(blocks)):
        return "msg_too_long"
    return "msg_too_long" if len(p.get("text", "")) > 40_000 else ""


def _texts(node: Any) -> list[str]:
    """The texts of blocks, in order; those of one rich text element are one."""
    if isinstance(node, list):
        return [text for each in node for text in _texts(each)]
    if not isinstance(node, dict) or node.get("type") == "actions":
        return []
    if str(node.get("type", "")).startswith("rich_text_"):
        return ["".join(str(e.get("text", "")) for e in node["elements"])]
    if isinstance(node.get("text"), str):
        return [node["text"]]
    return [text for part in ("text", "elements") for text in _texts(node.get(part))]


def _handler(slack: SlackServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path.startswith("/upload/"):
                slack.uploaded(self.path.rsplit("/", 1)[1], body)
                self._send(200, b"OK", {"Content-Type": "text/plain"})
            elif self.path.startswith("/respond/"):
                _, _, channel, user, _ = self.path.split("/")
                slack.responded(channel, user, json.loads(body))
                self._send(200, b"ok", {"Content-Type": "text/plain"})
            elif self.headers.get("Authorization") != f"Bearer {slack.TOKEN}":
                self._send(200, json.dumps({"ok": False, "error": "invalid_auth"}).encode(), {})
            else:
                method = self.path.removeprefix("/api/").partition("?")[0]
                status, reply, headers = slack.call(method, self._params(body))
                self._send(status, json.dumps(reply).encode(), headers)

        def _params(self, body: bytes) -> Params:
            if "json" in self.headers.get("Content-Type", ""):
                return dict(json.loads(body or b"{}"))
            form = f"{body.decode()}&{self.path.partition('?')[2]}"
            given = {name: values[0] for name, values in urllib.parse.parse_qs(form).items()}
            return {name: json.loads(v) if name in ("blocks", "files", "view") else v for name, v in given.items()}

        def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler


# --- on its own ---------------------------------------------------------------------------------------------------------------

HELP = """Type as somebody in Slack would:
  text                    a direct message            @text        a mention in the channel C1
  /candor text            the slash command           #2           press the second button of the last answer
  home                    open the app's home tab     as U2        go on as another user          quit"""


def main() -> None:
    parser = argparse.ArgumentParser(description="A loopback Slack to try the app against.")
    parser.add_argument("--app", default="http://localhost:8000/slack/events", help="where the app takes events")
    parser.add_argument("--port", type=int, default=9100)
    options = parser.parse_args()
    with SlackServer(options.port) as slack:
        slack.app_url = options.app
        slack.on_change = lambda m: print(
            f"\n[{m.channel}{' only ' + m.only_for if m.only_for else ''}] {m.words}\n{_listed(m)}", flush=True
        )
        print(
            f"ASSISTANT_SLACK_API_URL={slack.api_url}\nASSISTANT_SLACK_BOT_TOKEN={slack.TOKEN}\nASSISTANT_SLACK_SIGNING_SECRET={slack.SECRET}"
        )
        print(HELP, flush=True)
        user = "U1"
        for line in sys.stdin:
            text = line.strip()
            if text == "quit":
                break
            if text.startswith("as "):
                user = text[3:].strip()
            elif text:
                _act(slack, user, text)


def _listed(message: Message) -> str:
    return "\n".join(f"  ({number}) {label}" for number, label in enumerate(message.buttons(), start=1))


def _act(slack: SlackServer, user: str, text: str) -> None:
    try:
        if text == "home":
            reply = slack.open_home(user)
        elif text.startswith("@"):
            reply = slack.mention(user, "C1", text[1:])
        elif text.startswith("/"):
            command, _, rest = text.partition(" ")
            reply = slack.command(user, "C1", rest, command)
        elif text.startswith("#"):
            message = slack.completed()[-1]
            reply = slack.click(user, message, list(message.buttons())[int(text[1:]) - 1])
        else:
            reply = slack.direct(user, text)
        print(f"(acknowledged with {reply.status} in {reply.seconds * 1000:.0f} ms)", flush=True)
        time.sleep(2)
    except (OSError, IndexError, ValueError) as error:
        print(f"(not delivered: {error})", flush=True)
    if text == "home" and user in slack.homes:
        print("\n".join(_texts(slack.homes[user]["blocks"])), flush=True)
        print(
            "\n".join(
                f"  ({e['text']['text']})" for b in slack.homes[user]["blocks"] for e in b.get("elements", []) if e["type"] == "button"
            )
        )


if __name__ == "__main__":
    main()
