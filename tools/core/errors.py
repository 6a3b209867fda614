"""Every error that a person may see, in one tree.

    AnswerError(message, try_instead)
      RepairableByModel    the plan was wrong; whoever planned may plan again
        SqlRefused         the guard does not allow the statement
        UnknownName        a metric, dimension, value or tool that does not exist
        QueryUnsupported   the names exist, but cannot be combined that way
      NeedsPerson          the person who asks, or the operator, must act
        QuestionUnclear    empty, too long, or not text
        NotAllowed         the policy does not grant it
        ModelInvalid       a semantic model or policy that does not fit: file, line, suggestion
        WarehouseUnavailable  missing, damaged, locked, or of another version
        SetupProblem       a port taken, no disk, a setting out of range
        TooManyQuestions   more at once or per minute than are served: later
        NotComputed        predictions or texts that no refresh has computed yet
      OurFault             nobody outside can mend it: apology and trace id
        QueryTooHeavy      deadline or memory of the worker exceeded
        WorkerLost         the engine process died in mid-query
        Stopping           the service ends or restarts: the answer was cut, or not begun
        InternalError      anything unforeseen, logged with its trace id

Interfaces catch `AnswerError` only. `code` is stable and public: it is `error.code` of the Answer JSON.
`message` says what is the matter, `try_instead` who can do what about it. Neither may hold a personal value.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AnswerError",
    "InternalError",
    "ModelInvalid",
    "NeedsPerson",
    "NotAllowed",
    "NotComputed",
    "OurFault",
    "QueryTooHeavy",
    "QueryUnsupported",
    "QuestionUnclear",
    "RepairableByModel",
    "SetupProblem",
    "SqlRefused",
    "Stopping",
    "TooManyQuestions",
    "UnknownName",
    "WarehouseUnavailable",
    "WorkerLost",
]


class AnswerError(Exception):
    """Root of all errors that reach a person."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, try_instead: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.try_instead = try_instead
        if code is not None:
            self.specific_code = code

    specific_code: str | None = None

    @property
    def public_code(self) -> str:
        """The narrowest code known: that of the instance, else of the class."""
        return self.specific_code or self.code


class RepairableByModel(AnswerError):
    code = "plan_invalid"


class SqlRefused(RepairableByModel):
    code = "sql_refused"


class UnknownName(RepairableByModel):
    code = "unknown_name"


class QueryUnsupported(RepairableByModel):
    code = "query_unsupported"


class NeedsPerson(AnswerError):
    code = "needs_person"


class QuestionUnclear(NeedsPerson):
    code = "question_unclear"


class NotAllowed(NeedsPerson):
    code = "not_allowed"


class ModelInvalid(NeedsPerson):
    code = "model_invalid"


class WarehouseUnavailable(NeedsPerson):
    code = "warehouse_unavailable"


class SetupProblem(NeedsPerson):
    code = "setup_problem"


class TooManyQuestions(NeedsPerson):
    code = "too_many_questions"

    def __init__(self, message: str, *, try_instead: str = "", code: str | None = None, retry_after_s: int = 1) -> None:
        super().__init__(message, try_instead=try_instead, code=code)
        self.retry_after_s = retry_after_s
        """When to come again, in whole seconds."""


class NotComputed(NeedsPerson):
    code = "not_computed"

    def __init__(self, part: str, *, warehouse: str) -> None:
        """
        Args:
            part: Name of the contribution that is missing.
        """
        super().__init__(
            f"Not computed yet for the warehouse {warehouse}: {part.replace('_', ' ')}.",
            try_instead=f"Run `assistant warehouse refresh {warehouse}`.",
        )
        self.part = part


class OurFault(AnswerError):
    code = "our_fault"


class QueryTooHeavy(OurFault):
    code = "query_too_heavy"


class WorkerLost(OurFault):
    code = "worker_lost"


class Stopping(OurFault):
    code = "stopping"


class InternalError(OurFault):
    code = "internal_error"
