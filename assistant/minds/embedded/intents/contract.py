"""What an intent is: a kind of question that belongs to a tool of its own, and the step that answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from assistant.turn import Step

if TYPE_CHECKING:
    from assistant.minds.embedded.account import Account
    from assistant.minds.embedded.intents.cohort import Rest
    from assistant.minds.embedded.mind import QuestionReader
    from assistant.minds.embedded.tokens import Token
    from assistant.turn import MindContext
    from tools.core.query.metric_query import Filter


@dataclass(frozen=True, kw_only=True)
class Cue:
    """Tokens `start` to `end` (exclusive) that speak of an intent, and the role that they play in it."""

    start: int
    end: int
    role: str
    text: str
    numbers: tuple[float, ...] = ()
    """Where the phrase holds numbers ("in the next 90 days"), in their order."""


@dataclass(frozen=True, kw_only=True)
class Cues:
    """The words of one question that one intent takes for itself."""

    found: tuple[Cue, ...]

    def has(self, *roles: str) -> bool:
        return any(cue.role in roles for cue in self.found)

    def first(self, role: str) -> Cue | None:
        return next((cue for cue in self.found if cue.role == role), None)

    def all(self, role: str) -> tuple[Cue, ...]:
        return tuple(cue for cue in self.found if cue.role == role)

    @property
    def span(self) -> tuple[int, int]:
        """From the first of its tokens to the last (exclusive)."""
        return min(cue.start for cue in self.found), max(cue.end for cue in self.found)

    @property
    def size(self) -> int:
        return sum(cue.end - cue.start for cue in self.found)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One question as intents see it."""

    tokens: tuple[Token, ...]
    reader: QuestionReader
    context: MindContext


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an intent makes of a question."""

    arguments: Mapping[str, Any]
    """For its tool, as JSON."""
    uses: frozenset[str] = frozenset()
    """Parts of the rest that it took besides the cohort: "ranking", "window", "grouping", "metric" (the claims of the grammar)."""
    notes: tuple[str, ...] = ()
    """How something unsaid was taken, each a sentence."""
    doubts: tuple[str, ...] = ()
    yields: bool = False
    """A figure says it as well: where the question reads as one without a doubt, that reading stands."""
    individuals: bool = False
    """It names people one by one: not for roles that see groups only."""
    cohort: tuple[Filter, ...] = ()
    """Whom the step is about besides its own filters, for a next step that says "they"."""
    account: Account | None = None
    """What became of the rest, where the intent read it by itself and not as a cohort (`figure.py`)."""


class Intent(Protocol):
    """A kind of question that belongs to a tool."""

    @property
    def name(self) -> str:
        """That of its module and of its word file."""
        ...

    @property
    def tool(self) -> str: ...

    @property
    def needs(self) -> tuple[str, ...]:
        """The parts of the intelligence layer that its tool reads."""
        ...

    @property
    def follows(self) -> frozenset[str]:
        """Tools after whose steps a fragment ("why?", "and in the South?") may be its question."""
        ...

    def cues(self, asked: Asked) -> Cues | None:
        """Its words in the question; None when it is not its kind of question."""
        ...

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        """The step that answers, given who is asked about; None when it is no question of this kind after all."""
        ...

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """The step before, changed by a fragment; None when the fragment is none of its business.

        Args:
            cues: Its words in the fragment, whether or not they would make a question; `found` may be empty.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class IntentReading:
    """A question read as one or several intents."""

    steps: tuple[Step, ...]
    intents: tuple[Intent, ...]
    """One per step."""
    notes: tuple[str, ...] = ()
    doubt: str | None = None
    ignored: tuple[str, ...] = ()
    carried_over: tuple[str, ...] = ()
    yields: bool = False
    individuals: bool = False
    declined: str = ""
    """Why nothing is run although the question is of this kind, in words."""
    unplaced: tuple[str, ...] = ()
    understood: str = ""
    mentions: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def is_whole(self) -> bool:
        return not (self.doubt or self.declined)
