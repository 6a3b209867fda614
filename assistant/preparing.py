"""The first refresh of a served warehouse, run behind the assistant; and what people are told until it is there.

A process of its own computes, with low priority, so that questions are answered meanwhile. Only one process of a home can: another
assistant that starts meanwhile watches it. A refresh that is stopped is taken up where it was by the next start.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.refreshing import FIGURES_UNTIL, text_contributions
from assistant.turn import Answer, Fault, FollowUp, Status
from tools.core.errors import AnswerError, NotComputed
from tools.core.warehouse.definition import find_definition
from tools.core.warehouse.generations import current_generation
from tools.core.warehouse.intelligence import read_refresh
from tools.core.warehouse.ongoing import Ongoing, read_ongoing, write_ongoing

if TYPE_CHECKING:
    from assistant.current import CurrentAssistant
    from assistant.settings import Settings
    from tools.core.warehouse import Warehouse

log = logging.getLogger(__name__)

_WATCH_EVERY_S = 0.5
_STOP_S = 5.0
_TAKEN_UP_WITHIN_S = 60.0
_SPOKEN = {"feedback": "what customers say"}
"""Parts that people do not know by their name."""
WHAT = "Predictions, segments and what customers say"
_WITHOUT_TEXTS = "Predictions and segments"
_ABOUT_THEM = (
    "churn", "risk", "leave", "lifetime", "clv", "ltv", "predict", "propensit", "likel", "segment", "rfm", "cluster", "recommend", "uplift",
    "feedback", "topic", "theme", "sentiment", "complain", "opinion",
)  # fmt: skip
"""Beginnings of words by which people name what a refresh computes."""


def is_unprepared(settings: Settings) -> bool:
    """Whether the warehouse has no intelligence layer yet, or its last refresh died on the way."""
    name = find_definition(settings.warehouse).name
    return read_refresh(current_generation(settings.home, name).folder) is None or read_ongoing(settings.home, name) is not None


class Preparation:
    """Refreshes an unprepared warehouse behind the assistant that serves it, and lets that take up each new generation at once."""

    def __init__(self, settings: Settings, assistant: CurrentAssistant) -> None:
        self._settings = settings
        self._name = find_definition(settings.warehouse).name
        self._assistant = assistant
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="prepare", daemon=True)

    def start(self) -> bool:
        """Begin, if the settings want it and there is something to prepare; whether it has begun."""
        if not self._settings.prepare or not is_unprepared(self._settings):
            return False
        self._thread.start()
        return True

    def stop(self) -> None:
        """End it, also in the middle: what is whole on disk is kept for the next start."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2 * _STOP_S)

    def _run(self) -> None:
        try:
            if not self._is_running():
                self._refresh()
            # Also when the process was turned away because another one, perhaps of another assistant, was quicker.
            while self._is_running() and not self._stopped.wait(_WATCH_EVERY_S):
                self._assistant.look()
            self._until_taken_up()
        except AnswerError as error:
            log.error("the warehouse could not be prepared: %s", error.public_code)

    def _is_running(self) -> bool:
        ongoing = read_ongoing(self._settings.home, self._name)
        return ongoing is not None and ongoing.is_running

    def _refresh(self) -> None:
        command = [sys.executable, "-m", "assistant.preparing", str(self._settings.home), self._settings.warehouse]
        # A session of its own: Ctrl+C in the terminal is for the server, which then stops this.
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as process:
            begun = Ongoing(step="Starting", fraction=0.0, started_at=time.time(), process=process.pid)
            write_ongoing(self._settings.home, self._name, begun)
            while process.poll() is None:
                if self._stopped.wait(_WATCH_EVERY_S):
                    _end(process)
                    return
                self._assistant.look()
        if process.returncode:
            log.error("the refresh behind the assistant ended with %s", process.returncode)

    def _until_taken_up(self) -> None:
        deadline = time.monotonic() + _TAKEN_UP_WITHIN_S
        while self._assistant.warehouse.generation != current_generation(self._settings.home, self._name).number:
            if self._stopped.wait(_WATCH_EVERY_S) or time.monotonic() > deadline:
                return
            self._assistant.look()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How far the intelligence layer of an open warehouse is."""

    fraction: float
    """0 to 1 of all of it."""
    seconds_left: float | None
    """None when that cannot be told yet."""

    def until(self, part: str) -> Waiting:
        """How far one part is: texts come last, everything else in the first stage."""
        if part in {one.name for one in text_contributions()} or self.fraction >= FIGURES_UNTIL:
            return self
        share = self.fraction / FIGURES_UNTIL
        left = self.seconds_left * FIGURES_UNTIL * (1 - share) / (1 - self.fraction) if self.seconds_left is not None else None
        return Waiting(fraction=share, seconds_left=left)

    @property
    def done(self) -> str:
        """How much is done, in words: "40 % done"."""
        return f"{min(self.fraction, 0.99):.0%} done"

    @property
    def line(self) -> str:
        """For a start page."""
        return f"{WHAT} are being prepared: {self.done}. Everything else can be asked already."

    @property
    def when(self) -> str:
        """When to come again, in words."""
        if self.seconds_left is None:
            return "in a minute or two"
        minutes = round(self.seconds_left / 60)
        return f"in about {minutes} minutes" if minutes > 1 else "in about a minute" if self.seconds_left > 30 else "in half a minute"


def waiting_for(home: Path, warehouse: Warehouse) -> Waiting | None:
    """What is being prepared for this open warehouse; None when nothing is."""
    ongoing = read_ongoing(home, warehouse.name)
    if ongoing is not None:
        return Waiting(fraction=ongoing.fraction, seconds_left=ongoing.seconds_left) if ongoing.is_running else None
    try:
        newest = current_generation(home, warehouse.name)
    except AnswerError:
        return None
    is_newer = newest.number > warehouse.generation and read_refresh(newest.folder) is not None
    return Waiting(fraction=1.0, seconds_left=0.0) if is_newer else None


def told_to_wait(answer: Answer, missing: NotComputed, waiting: Waiting) -> Answer:
    """The answer to a question that needs what is being prepared: how far it is, and the question once more to click."""
    part = waiting.until(missing.part)
    headline = f"Still being prepared, {part.done}: {_SPOKEN.get(missing.part, missing.part.replace('_', ' '))}."
    again = f"Ask again {part.when}; other questions are answered meanwhile."
    return replace(
        answer,
        status=Status.DECLINED,
        headline=headline,
        text=f"{headline} {again}",
        follow_ups=(FollowUp(label="Ask again", question=answer.question),),
        error=Fault(code="being_prepared", message=headline, try_instead=again),
    )


def with_hint(answer: Answer, warehouse: Warehouse, waiting: Waiting | None) -> Answer:
    """Unknown words that sound like what a refresh computes may be known after it; to others it would be an empty promise."""
    if not any(part.startswith(_ABOUT_THEM) for word in answer.unplaced for part in word.lower().split()):
        return answer
    what = WHAT if warehouse.model.settings.roles.feedback is not None else _WITHOUT_TEXTS
    if waiting is not None:
        note = f"{what} are still being prepared, {waiting.done}; if that is what you ask about, ask again {waiting.when}."
    elif read_refresh(warehouse.data_folder) is None:
        note = f"{what} are not computed yet: `assistant warehouse refresh {warehouse.name}`."
    else:
        return answer
    return replace(answer, text=f"{answer.text} {note}")


def main(home: str, warehouse: str) -> int:
    """The process that computes: 0 when it is done."""
    from assistant.refreshing import refresh
    from assistant.settings import Settings

    os.nice(10)
    try:
        refresh(Settings(home=Path(home)), warehouse, progress=lambda _step, _fraction=None, /: None)
    except AnswerError as error:
        print(f"{error.message} {error.try_instead}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
