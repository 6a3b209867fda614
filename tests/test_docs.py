"""What the documents list is what the code has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import Settings
from assistant.wiring import tools

ROOT = Path(__file__).parents[1]


def test_the_generated_lists_of_the_readme_are_fresh():
    done = subprocess.run([sys.executable, "scripts/readme_lists.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_setting_has_a_line_of_help():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("name", sorted(tools()))
def test_every_tool_has_a_prompt_and_a_summary(name: str):
    assert (ROOT / "prompts" / "tools" / f"{name}.md").read_text(encoding="utf-8").strip()
    assert tools()[name].summary.endswith(".")


def test_every_link_between_documents_leads_somewhere():
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "evals").glob("*.md")]
    dangling = [
        f"{document.name}: {target}"
        for document in documents
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8"))
        if not (document.parent / target).exists()
    ]
    assert dangling == []
