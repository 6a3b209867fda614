"""The REST interface against its own OpenAPI document: whatever schemathesis makes up, the reply is as documented."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from service_bench import bearer, service_bench

pytestmark = pytest.mark.slow


def test_schemathesis_finds_no_failure(home: Path, tmp_path: Path):
    with service_bench(home, tmp_path / "home") as bench:
        key = bearer(bench.key("fuzz"))["Authorization"]
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"{bench.url}/v1/openapi.json", "--header", f"Authorization: {key}"]
        options = ["--max-examples", "30", "--seed", "20261122", "--workers", "1", "--no-color"]
        done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
