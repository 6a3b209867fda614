"""The language-model mind: a model chooses tools and arguments, the pipeline runs them, and its prose is proven."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from assistant.explain.headline import headline
from assistant.explain.proof import Prover, metric_synonyms
from assistant.minds.cross_check import check_plan, sentence_of
from assistant.minds.language_model import endings
from assistant.minds.language_model.bridge import Abandoned, Bridge
from assistant.minds.language_model.cards import ASK_BACK, DECLINE, FIRST, FREE_SQL, cards
from assistant.minds.language_model.describe import question_prompt, system_prompt
from assistant.minds.language_model.limits import Breaker, Ledger, TurnTokens, unavailable
from assistant.minds.language_model.masking import Vault, describe_finding, vault_for
from assistant.minds.language_model.options import ModelOptions
from assistant.minds.look_ahead import Ahead, look_ahead
from assistant.prompts import Prompt
from assistant.turn import Clarification, Decline, Done, Mind, MindContext, Outcome, Question, Step, Thinking, Told, Usage
from tools.core.contract import Tool
from tools.core.errors import AnswerError, OurFault, QueryUnsupported, RepairableByModel, SetupProblem, UnknownName
from tools.core.query.metric_query import MetricQuery

if TYPE_CHECKING:
    from assistant.minds.language_model.agent import Agent

log = logging.getLogger(__name__)

_ENDED = "Your turn has ended."


class LanguageModelMind:
    """Reads questions with a language model. Safe to call from several threads."""

    def __init__(self, options: ModelOptions, tools: Mapping[str, Tool], *, embedded: Mind | None = None) -> None:
        """
        Args:
            tools: The toolbox's tools by name.
            embedded: Helps the model read, checks its plan, and answers when it fails; None = the model is on its own.
        """
        self.options = options
        self.name = options.model
        self._tools = tools
        self._embedded = embedded
        self._breaker = Breaker(failures=options.breaker_failures, cool_down_s=options.breaker_cool_down_s)
        self._ledger = Ledger(
            tokens_per_turn=options.tokens_per_turn,
            tokens_per_thread=options.tokens_per_thread,
            tokens_per_day=options.tokens_per_day,
            price_in=options.price_in,
            price_out=options.price_out,
        )
        self._agent: Agent | None = None
        self._building = threading.Lock()
        self._system_prompts: dict[tuple[str, ...], Prompt] = {}

    def warm_up(self) -> None:
        """Load LangChain and the client now, which takes seconds: for servers, before the first question."""
        self._ready_agent()

    def think(self, question: Question, context: MindContext) -> Thinking:
        ahead = look_ahead(self._embedded, question, context) if self._embedded is not None else None
        return (yield from self.plan(question, context, ahead))

    def plan(self, question: Question, context: MindContext, ahead: Ahead | None) -> Thinking:
        """Think with what the embedded mind made of the question at hand.

        Raises:
            SetupProblem: The endpoint refuses the key or does not know the model: the operator must act.
        """
        context.progress("Asking the language model")
        agent = self._ready_agent()
        turn = _Turn(mind=self, question=question, context=context, ahead=ahead)
        try:
            system, asked = self._system_prompt(context), question_prompt(question, context, ahead, turn.vault)
            log.info("prompts %s %s", system.hash, asked.hash)
            yield from turn.bridge.run(lambda: turn.run(agent, system.text, asked.text))
            return turn.outcome()
        except SetupProblem:
            raise
        except OurFault as problem:
            # Stopped by the person: nobody waits for another reading.
            context.stop.check()
            reason = problem.message
        except (TimeoutError, Abandoned):
            reason = f"The language model did not finish within {self.options.turn_deadline_s:g} s."
        except RepairableByModel:
            reason = "The language model found no plan that works."
        return (yield from self._fall_back(turn, reason))

    def _fall_back(self, turn: _Turn, reason: str) -> Thinking:
        """The embedded mind's outcome, with the reason said plainly."""
        if self._embedded is None:
            raise unavailable(reason)
        turn.context.progress("The language model failed; reading the question without it")
        outcome = yield from self._embedded.think(turn.question, turn.context)
        return told_why(
            outcome, f"{reason} So the embedded reader took the question instead.", given_up=len(turn.bridge.steps), usage=turn.usage
        )

    def usage(self, tokens: TurnTokens) -> Usage:
        return self._ledger.usage(tokens)

    def allows(self, tool: str, context: MindContext) -> bool:
        """Whether the model may call this tool for this asker."""
        if tool == FREE_SQL:
            return self.options.free_sql and context.rights.free_sql
        return tool in self._tools

    def is_answerable(self, text: str, context: MindContext) -> bool:
        """Whether a next question that the model proposes would really be answered."""
        check: Any = getattr(self._embedded, "is_answerable", None)
        return bool(check(text, context)) if check is not None else False

    def _system_prompt(self, context: MindContext) -> Prompt:
        """Made once per role, policy, model and day, byte for byte the same, so that a server may cache it."""
        rights = context.rights
        key = (rights.role, rights.policy_version, context.warehouse.data_version, context.as_of.isoformat())
        if key not in self._system_prompts:
            self._system_prompts[key] = system_prompt(context)
        return self._system_prompts[key]

    def _ready_agent(self) -> Agent:
        with self._building:
            if self._agent is None:
                from assistant.minds.language_model.agent import Agent

                listed = cards(self._tools, free_sql=self.options.free_sql)
                self._agent = Agent(self.options, listed, breaker=self._breaker, ledger=self._ledger)
            return self._agent


def told_why(outcome: Outcome, why: str, *, given_up: int = 0, usage: Usage | None = None) -> Outcome:
    """The embedded mind's outcome with a sentence on why it, and not the model, read the question."""
    used = usage or Usage()
    if isinstance(outcome, Done):
        return replace(outcome, notes=(*outcome.notes, why), steps_given_up=given_up, mind="embedded", usage=used)
    if isinstance(outcome, Clarification):
        return replace(outcome, prompt=f"{outcome.prompt} ({why.rstrip('.')}.)", mind="embedded", usage=used)
    if isinstance(outcome, Told):
        return replace(outcome, mind="embedded", usage=used)
    return replace(outcome, message=f"{outcome.message} {why}", mind="embedded", usage=used)


@dataclass(kw_only=True)
class _Turn:
    """One question with its agent: the tools as the model calls them, and what came of it."""

    mind: LanguageModelMind
    question: Question
    context: MindContext
    ahead: Ahead | None
    bridge: Bridge = field(init=False)
    vault: Vault = field(init=False)
    ending: Clarification | Decline | None = None
    prose: str = ""
    _tokens: TurnTokens = field(default_factory=TurnTokens)
    _calls: int = 0
    _repairs: int = 0
    _prover: Prover | None = None
    _said: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        deadline = time.monotonic() + self.mind.options.turn_deadline_s
        self.bridge = Bridge(deadline=deadline, on_said=self.context.say, stop=self.context.stop)
        plans = [*(step for plan in self.ahead.plans for step in plan)] if self.ahead is not None else []
        plans += self.context.previous.steps if self.context.previous is not None else ()
        self.vault = vault_for(self._words(), plans, self.context)

    def _words(self) -> str:
        """What people typed in this turn and the one before."""
        before = self.context.previous.question if self.context.previous is not None else ""
        return f"{self.question.text}. {before}"

    @property
    def usage(self) -> Usage:
        return self.mind.usage(self._tokens)

    def run(self, agent: Agent, system: str, question: str) -> None:
        """In the agent's thread."""
        from assistant.minds.language_model.agent import Turn

        turn = Turn(
            bridge=self.bridge,
            call_tool=self.call_tool,
            is_over=lambda: self.ending is not None,
            on_text=self._on_text,
            thread=self.context.thread,
            tokens=self._tokens,
        )
        try:
            agent.run(system, question, turn)
        except (AnswerError, Abandoned):
            raise
        except Exception as error:
            # Whatever a server made of the protocol: the kind is logged, the text is not, since it may quote the conversation.
            log.warning("language model failed: %s", type(error).__name__)
            raise unavailable("The language model's answer could not be read.") from None
        self.prose = self.vault.reveal(turn.prose)
        if self._prover is not None:
            self._hand_on(self._prover.finish())

    def outcome(self) -> Outcome:
        """What the turn came to.

        Raises:
            OurFault: The model neither called a tool nor ended the turn.
        """
        if self.ending is not None:
            return replace(self.ending, mind=self.mind.name, usage=self.usage)
        if not self.bridge.findings:
            raise unavailable("The language model made no plan for this question.")
        check = check_plan(self.question, self.bridge.steps, self.ahead, self.context)
        return Done(
            notes=check.caveats,
            doubt=check.doubt,
            alternatives=check.alternatives,
            prose=self.prose or None,
            mind=self.mind.name,
            usage=self.usage,
        )

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Run one call of the model; what went wrong and can be mended comes back as text, at most a few times.

        Raises:
            OurFault: Too many calls.
            RepairableByModel: Too many mistakes.
        """
        if self.ending is not None:
            return _ENDED
        self._calls += 1
        if self._calls > self.mind.options.max_steps:
            raise OurFault(
                f"The language model needed more than {self.mind.options.max_steps} steps.",
                try_instead="Ask for less at a time.",
                code="model_loop",
            )
        try:
            return self._called(name, arguments)
        except RepairableByModel as error:
            self._repairs += 1
            if self._repairs > self.mind.options.max_repairs:
                raise
            return self.vault.hide(f"Error ({error.public_code}): {error.message} {error.try_instead}".strip())

    def _called(self, name: str, arguments: Mapping[str, Any]) -> str:
        if name == ASK_BACK:
            asked = _parsed(endings.AskBack, self.vault.reveal(arguments))
            self.ending = endings.clarification(asked, self._sentence_of)
            return _ENDED
        if name == DECLINE:
            declined = _parsed(endings.DeclineInput, self.vault.reveal(arguments))
            self.ending = endings.decline(declined, lambda text: self.mind.is_answerable(text, self.context))
            return _ENDED
        if not self.mind.allows(name, self.context):
            raise UnknownName(f"There is no tool {name[:40]!r}.", try_instead="Use one of the tools given.")
        step = Step(tool=name, arguments=self.vault.reveal(arguments))
        finding = self.bridge.call(step)
        return self.vault.hide(describe_finding(finding, step, self.context, shown_rows=self.mind.options.shown_rows))

    def _sentence_of(self, query: MetricQuery) -> str | None:
        return sentence_of(Step(tool=FIRST, arguments=query.model_dump(mode="json", exclude_defaults=True)), self.context)

    def _on_text(self, text: str | None) -> None:
        """Prove sentences while they stream; text before the first finding has nothing to rest on."""
        if text is None:
            findings = list(self.bridge.findings)
            synonyms = metric_synonyms(self.context.warehouse.model)
            self._prover = Prover(findings=findings, fallback=headline(findings[-1]), synonyms=synonyms) if findings else None
        elif self._prover is not None:
            self._hand_on(self._prover.feed(self.vault.reveal(text)))

    def _hand_on(self, sentences: list[str]) -> None:
        for sentence in sentences:
            if sentence.strip() and sentence.strip() not in self._said:
                self._said.add(sentence.strip())
                self.bridge.say(sentence)


def _parsed(model: type[Any], arguments: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(dict(arguments))
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors(include_input=False)[:5])
        raise QueryUnsupported(f"The call does not fit: {problems}.", try_instead="Correct these fields.") from None
