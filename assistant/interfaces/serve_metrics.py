"""Prometheus metrics of one process. Labels are surfaces, states and routes: never a user, a question or a value."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from assistant.turn import Answer
from tools.core.errors import AnswerError, SetupProblem

if TYPE_CHECKING:
    from assistant.current import CurrentAssistant
    from assistant.interfaces.serve_desk import Desk
    from assistant.pipeline import Assistant

_EPOCH = dt.date(1970, 1, 1).toordinal()
_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class Metrics:
    """What is counted. Observes a desk, and is told of requests and Slack events."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._questions = Counter("candor_questions", "Questions answered", ["surface", "status"], registry=self.registry)
        self._seconds = Histogram(
            "candor_answer_seconds", "From taking a question to its answer", ["surface"], buckets=_SECONDS, registry=self.registry
        )
        self._away = Counter("candor_turned_away", "Questions not taken, or cut", ["surface", "code"], registry=self.registry)
        self._requests = Counter("candor_http_requests", "HTTP requests", ["method", "route", "code"], registry=self.registry)
        self._slack = Counter("candor_slack_events", "Slack requests", ["kind", "outcome"], registry=self.registry)

    def answered(self, surface: str, answer: Answer, seconds: float) -> None:
        self._questions.labels(surface, answer.status.value).inc()
        self._seconds.labels(surface).observe(seconds)

    def turned_away(self, surface: str, error: AnswerError) -> None:
        self._away.labels(surface, error.public_code).inc()

    def request(self, method: str, route: str, status: int, _seconds: float) -> None:
        # A method is whatever the client wrote.
        known = method if method in ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS") else "other"
        self._requests.labels(known, route, str(status)).inc()

    def slack(self, kind: str, outcome: str) -> None:
        """An event, command or button: "answered", "repeated", "ignored", "cut"."""
        self._slack.labels(kind, outcome).inc()

    def watch(self, desk: Desk, assistant: Assistant | CurrentAssistant) -> None:
        """Show what is in flight, and how old the data is."""
        flight = Gauge("candor_questions_in_flight", "Questions that are worked on or wait", registry=self.registry)
        flight.set_function(lambda: desk.in_flight)
        as_of = Gauge("candor_data_as_of_days", "Last complete day of the data, in days since 1970", registry=self.registry)
        as_of.set_function(lambda: assistant.warehouse.as_of.toordinal() - _EPOCH)
        generation = Gauge("candor_data_generation", "Generation of the warehouse that is served", registry=self.registry)
        generation.set_function(lambda: assistant.warehouse.generation)

    def publish(self, host: str, port: int) -> None:
        """Serve /metrics on an address of its own, so that it is never on the public port; raises SetupProblem."""
        try:
            start_http_server(port, addr=host, registry=self.registry)
        except OSError as error:
            raise SetupProblem(
                f"The metrics cannot listen on {host}, port {port}: {(error.strerror or 'not possible').lower()}.",
                try_instead="Choose another ASSISTANT_METRICS_PORT.",
                code="port_taken",
            ) from None
