"""The demo retailer with canaries: every personal text of it is replaced by one that can be recognised among millions of bytes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import yaml

from assistant import Settings
from assistant.building import build_generation
from assistant.refreshing import refresh

DEMO = Path(__file__).parents[2] / "tools" / "warehouses" / "demo"
CANARY = re.compile(rb"canary[a-z]*\d|canary[- ]?(?:word|street|code)|19(?:01|02)-0[12]-\d\d|0770099\d{5}|kanarienvogel", re.I)

_PERSONAL = {
    "first_name": "'Canaryfirst' || {key}",
    "last_name": "'Canarylast' || {key}",
    "email": "'canarymail' || {key} || '@post.example'",
    "phone": "'0770099' || lpad(CAST({key} AS VARCHAR), 5, '0')",
    "street": "'Canarystreet ' || {key}",
    "postcode": "'CANARYCODE' || {key}",
    "birth_date": "DATE '1901-01-01' + CAST(hash({key}) % 500 AS INTEGER)",
    "author_hash": "'canaryhash' || {key}",
    "search_term": "'canaryword ' || search_term",
}
"""Columns that identify people -> what stands in them instead."""
_SPOKEN = (
    "'Canaryfirst' || (hash({text}) % 2000) || ' wrote canaryword kanarienvogel: ' || {text} || "
    "' Call 0770099' || lpad(CAST(hash({text}) % 2000 AS VARCHAR), 5, '0')"
)
"""Free text keeps its own words, so that themes are found in it, with a canary before and after them."""
_BUILD = """
from pathlib import Path
import duckdb
from tools.warehouses.demo.build import build as build_demo
from canary_shop import plant


def build(target: Path, *, progress=lambda _step, _part: None, **options) -> None:
    build_demo(target, progress=progress, **options)
    with duckdb.connect(str(target)) as connection:
        plant(connection)
"""


def build_canary_shop(home: Path, *, customers: int) -> str:
    """Build the shop below `home`, with its intelligence layer, texts included; returns what `--warehouse` takes."""
    folder = home / "canary_shop"
    folder.mkdir(parents=True)
    for name in ("semantic_model.yaml", "policy.yaml", "expectations.yaml"):
        shutil.copyfile(DEMO / name, folder / name)
    (folder / "build.py").write_text(_BUILD, encoding="utf-8")
    settings = Settings(home=home)
    build_generation(settings, str(folder), progress=lambda _step, _fraction=None, /: None, customers=customers)
    refresh(settings, str(folder), progress=lambda _step, _fraction=None, /: None)
    return str(folder)


def plant(connection: object) -> None:
    """Replace every personal value of the open database; which columns those are is read from the policy."""
    policy = yaml.safe_load((DEMO / "policy.yaml").read_text(encoding="utf-8"))
    for table, classes in policy["tables"].items():
        spoken = classes.get("free_text", [])
        identifying = [c for kind in ("direct_identifier", "quasi", "protected", "secret") for c in classes.get(kind, []) if c in _PERSONAL]
        changes = [f"{c} = {_PERSONAL[c].format(key='rowid')}" for c in identifying]
        changes += [f"{c} = {_PERSONAL.get(c, _SPOKEN).format(text=c, key='rowid')}" for c in spoken]
        if changes:
            connection.execute(f"UPDATE {table} SET {', '.join(changes)}")  # type: ignore[attr-defined]
