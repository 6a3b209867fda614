"""The only way to a tool: rights, deadline, timing and trace around every call.

A mind, a click on an option, a verified question, a suggestion and an eval all come through `Toolbox.run`.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from assistant.differencing import Shown, protect
from assistant.turn import RanStep, Step
from tools.core.contract import Finding, Tool, ToolContext
from tools.core.errors import QueryUnsupported, UnknownName
from tools.core.query import MetricQuery
from tools.core.sql_guard import Rights
from tools.core.warehouse import Warehouse


@dataclass(kw_only=True)
class Toolbox:
    """The tools of one warehouse, run for one asker. Keeps what ran, in order."""

    tools: Mapping[str, Tool]
    warehouse: Warehouse
    rights: Rights
    deadline_s: float
    as_of: dt.date | None = None
    progress: Callable[[str], None] = lambda _: None
    disclosed: Callable[[], list[Shown]] = list
    """What the asker was shown of groups before."""
    remember_disclosed: Callable[[Shown], None] = lambda _: None
    ran: list[RanStep] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def run(self, step: Step) -> Finding:
        """Check the arguments, run the tool within the deadline and the asker's rights, and keep a trace.

        Raises:
            UnknownName: No such tool.
            QueryUnsupported: The arguments do not fit the tool's input model.
            AnswerError: Whatever the tool could not do.
        """
        tool = self.tools.get(step.tool)
        if tool is None:
            raise UnknownName(f"There is no tool {step.tool!r}.", try_instead=f"Use one of: {', '.join(sorted(self.tools))}.")
        arguments = parse_arguments(tool, step.arguments)
        context = ToolContext(
            warehouse=self.warehouse, rights=self.rights, deadline_s=self.deadline_s, as_of=self.as_of, progress=self.progress
        )
        started = time.perf_counter()
        finding = self._protected(arguments, tool.run(arguments, context))
        self.ran.append(
            RanStep(
                tool=step.tool,
                arguments=step.arguments,
                sql=finding.sql,
                row_count=len(finding.tables[0].rows) if finding.tables else 0,
                elapsed_ms=(time.perf_counter() - started) * 1000,
            )
        )
        self.findings.append(finding)
        return finding

    def _protected(self, arguments: Any, finding: Finding) -> Finding:
        """The finding without rows that, beside one shown before, would tell about a few people."""
        if not self.rights.min_group_size or not isinstance(arguments, MetricQuery):
            return finding
        kept, shown = protect(arguments, finding, self.rights, self.disclosed())
        if shown is not None:
            self.remember_disclosed(shown)
        return kept


def parse_arguments(tool: Tool, arguments: Mapping[str, Any]) -> Any:
    """The tool's input model, or `QueryUnsupported` naming each field that does not fit (never its value)."""
    try:
        return tool.input_model.model_validate(arguments)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'arguments'}: {e['msg']}" for e in error.errors(include_input=False)[:5])
        raise QueryUnsupported(f"The plan does not fit {tool.name}: {problems}.", try_instead="Correct these fields.") from None
