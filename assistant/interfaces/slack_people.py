"""Who asks in Slack, as whom, and what a whole channel may see."""

from __future__ import annotations

from dataclasses import replace

from assistant.interfaces.serve_desk import DeskAssistant
from assistant.interfaces.slack_config import SlackConfig
from assistant.rights import LOCAL
from assistant.turn import Answer, PastTurn, Question
from tools.core.errors import NotAllowed, SetupProblem
from tools.core.sql_guard import Rights, User


class SlackPeople:
    """Maps Slack's ids to users, and decides whether an answer may stand in a channel."""

    def __init__(self, assistant: DeskAssistant, config: SlackConfig) -> None:
        """Raises SetupProblem when there is no role for somebody whom nobody has mapped."""
        self._assistant = assistant
        self._config = config
        role = config.guest_role or assistant.rights_book.least_role()
        if role is None or LOCAL in (role, *config.users.values()):
            raise SetupProblem(
                "Slack needs a role for people whom nobody has mapped, other than that of the local command line.",
                try_instead="Give the warehouse a policy with such a role, or set guest_role in slack.yaml.",
                code="slack_config",
            )
        self.guest_role: str = role
        try:
            self.of_channel("C0")
        except NotAllowed as error:
            raise SetupProblem(
                f"guest_role in slack.yaml does not fit: {error.message}", try_instead=error.try_instead, code="slack_config"
            ) from None

    def of(self, slack_id: str) -> str:
        """The user that this person's questions run as; a guest when nobody has mapped them."""
        known = self._config.users.get(slack_id)
        return known if known is not None else self._guest(f"slack:{slack_id}")

    def is_mapped(self, slack_id: str) -> bool:
        return slack_id in self._config.users

    def of_channel(self, channel: str) -> str:
        """The user that stands for everybody who reads a channel."""
        return self._guest(f"slack-channel:{channel}")

    def _guest(self, name: str) -> str:
        self._assistant.rights_book.admit(User(name=name, role=self.guest_role))
        return name

    def may_stand_in(self, channel: str, question: Question, answer: Answer, previous: PastTurn | None) -> bool:
        """Whether everybody in the channel may see this answer: who may see least gets the very same one.

        The question is asked once more for the channel, unless the asker's rights are the channel's own.
        """
        book, readers = self._assistant.rights_book, self.of_channel(channel)
        try:
            if _same(book.rights_for(question.user), book.rights_for(readers)):
                return True
        except NotAllowed:
            # Somebody without rights got a refusal, which holds nothing.
            return not answer.tables
        again = self._assistant.ask(replace(question, id="", user=readers, thread=None), previous=previous)
        return _shown(again) == _shown(answer)


def _same(a: Rights, b: Rights) -> bool:
    """Whether two people see the same: whoever they are, and whatever their roles are called."""
    x, y = (replace(rights, user="", role="", request_access="", narrowed=(), purposes=()) for rights in (a, b))
    return x == y


def _shown(answer: Answer) -> tuple[object, ...]:
    """Everything in the message that comes from data. Which checks ran may differ from run to run; that one failed may not."""
    options = tuple(option.label for option in answer.options)
    failed = tuple(check.detail for check in answer.checks if not check.passed)
    return (answer.status, answer.headline, answer.text, answer.tables, answer.quotes, answer.caveats, options, failed, answer.follow_ups)
