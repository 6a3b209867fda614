"""Writes the generated lists of the README (settings, tools); `--check` fails when they are stale."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from assistant.settings import Settings
from assistant.wiring import tools

README = Path(__file__).resolve().parent.parent / "README.md"


def settings_table() -> str:
    """One row per setting: variable, default, help."""
    rows = ["| variable | default | |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        default = f" `{field.default}`" if field.default not in (None, "", {}) else ""
        rows.append(f"| `ASSISTANT_{name.upper()}` |{default} | {field.description} |")
    return "\n".join(rows)


def tools_table() -> str:
    """One row per tool: name, what it does."""
    rows = ["| tool | what it does |", "| --- | --- |"]
    rows += [f"| `{tool.name}` | {tool.summary} |" for tool in tools().values()]
    return "\n".join(rows)


def with_lists(text: str) -> str:
    """`text` with each generated part replaced by what the code says now."""
    for name, table in (("settings", settings_table()), ("tools", tools_table())):
        text = re.sub(rf"(<!-- {name}:start[^>]*-->\n).*?(<!-- {name}:end -->)", lambda m, t=table: f"{m[1]}{t}\n{m[2]}", text, flags=re.S)  # type: ignore[misc]
    return text


def main() -> int:
    current = README.read_text(encoding="utf-8")
    wanted = with_lists(current)
    if "--check" in sys.argv[1:]:
        if current != wanted:
            print("README.md is stale: run scripts/readme_lists.py")
            return 1
        return 0
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
