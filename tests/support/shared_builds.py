"""Folders that are dear to make: made once for all workers of a run, and given to each worker as a copy of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder that `make` fills.

    A copy, since tests write into it (conversations, thumbs); workers that come while it is made wait for it.
    """
    own = factory.mktemp(name)
    if "PYTEST_XDIST_WORKER" not in os.environ:
        make(own)
        return own
    # The workers' folders lie beside each other in that of the run.
    shared = factory.getbasetemp().parent / f"made-{name}"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared.with_suffix(".done")
        if not done.exists():
            shutil.rmtree(shared, ignore_errors=True)
            shared.mkdir()
            make(shared)
            done.touch()
    shutil.copytree(shared, own, dirs_exist_ok=True)
    return own
