"""Editing `users.yaml` by command: one user's lines change, everything else in the file stays as a person wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from tools.core.errors import ModelInvalid, SetupProblem
from tools.core.sql_guard import Policy, User, read_users


def put_user(path: Path, user: User, policy: Policy | None) -> None:
    """Add the user, or replace what the file says of them.

    Raises:
        ModelInvalid: The role is unknown, an attribute is missing, or the file was wrong before; it is left as it was.
        SetupProblem: The file cannot be written.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else "users:\n"
    _save(path, _without(text, user.name).rstrip("\n") + "\n" + _lines(user), policy)


def drop_user(path: Path, name: str, policy: Policy | None) -> bool:
    """Take the user out; False when the file does not list them. Raises as `put_user`."""
    if not path.exists() or name not in read_users(path, policy):
        return False
    rest = _without(path.read_text(encoding="utf-8"), name)
    document = yaml.safe_load(rest)
    _save(path, rest if document and document.get("users") else "users: {}\n", policy)
    return True


def _lines(user: User) -> str:
    head = f"  {json.dumps(user.name, ensure_ascii=False)}:\n    role: {json.dumps(user.role, ensure_ascii=False)}\n"
    return head + _attributes(user.attributes)


def _attributes(attributes: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {json.dumps(v, ensure_ascii=False)}" for k, v in attributes.items())
    return f"    attributes: {{{pairs}}}\n" if pairs else ""


def _without(text: str, name: str) -> str:
    """The file without this user's lines; an empty or flow-style `users` becomes one that lines can be added to."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    users = next((value for key, value in root.value if key.value == "users"), None) if isinstance(root, yaml.MappingNode) else None
    if not isinstance(users, yaml.MappingNode) or not users.value:
        return "users:\n"
    if users.flow_style:
        kept = {key: value for key, value in yaml.safe_load(text)["users"].items() if key != name}
        return yaml.safe_dump({"users": kept}, sort_keys=False, allow_unicode=True) if kept else "users:\n"
    for key, value in users.value:
        if key.value == name:
            lines = text.splitlines(keepends=True)
            # A block mapping ends where the next token begins, which may be after blank lines and comments: those stay.
            end = value.end_mark
            begins_there = end.line >= len(lines) or not lines[end.line][: end.column].strip()
            last = end.line if begins_there else end.line + 1
            while last > key.start_mark.line + 1 and not _is_content(lines[last - 1]):
                last -= 1
            return "".join(lines[: key.start_mark.line] + lines[last:])
    return text


def _is_content(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _save(path: Path, text: str, policy: Policy | None) -> None:
    draft = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        read_users(draft, policy)
        draft.replace(path)
    except ModelInvalid as error:
        draft.unlink(missing_ok=True)
        raise ModelInvalid(error.message.replace(draft.name, path.name), try_instead="Nothing was changed.", code="users_invalid") from None
    except OSError as error:
        raise SetupProblem(
            f"{path.name} cannot be written ({error.strerror}).",
            try_instead="Check that ASSISTANT_HOME is a folder that can be written to.",
            code="home_unwritable",
        ) from None
