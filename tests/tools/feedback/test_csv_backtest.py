"""The back-tests on public labelled texts, and on files that do not fit."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools.core.errors import NeedsPerson, SetupProblem
from tools.feedback.csv_backtest import backtest_sentiment, backtest_topics, read_labelled
from tools.feedback.sentiment import shipped_model


def benchmark(*parts: str) -> Path:
    root = os.environ.get("CANDOR_BENCHMARKS")
    path = Path(root or "", "feedback", *parts)
    if root is None or not path.is_file():
        pytest.skip(f"CANDOR_BENCHMARKS does not name a folder with feedback/{'/'.join(parts)}")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", ["amazon_cells", "imdb", "yelp"])
def test_the_shipped_sentiment_is_right_in_86_of_100_sentences_it_never_saw(name: str) -> None:
    report = backtest_sentiment(benchmark("uci_sentiment", f"{name}_labelled.txt"), text="1", label="2", train=False)
    assert report.figures["shipped"]["accuracy"] >= 0.86
    assert report.figures["shipped"]["accuracy"] > report.figures["words_alone"]["accuracy"]


@pytest.mark.slow
def test_intents_of_banking_questions_are_learned_and_topics_stable() -> None:
    train, test = (benchmark("banking77", f"banking_{part}.csv") for part in ("train", "test"))
    report = backtest_topics(train, text="text", label="category", test=test)
    assert report.figures["learned"]["accuracy"] >= 0.92
    assert report.figures["stability"]["rerun_adjusted_rand"] == 1.0


def test_the_shipped_coefficients_name_source_and_licence() -> None:
    model = shipped_model()
    assert (len(model.weights), model.licence) == (385, "MIT")
    assert "Hutto" in model.source


def test_a_file_without_a_header_is_read_by_position(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    path.write_text('Good, "very" good\t1\nBad, really\t0\n', encoding="utf-8")
    read = read_labelled(path, "1", "2")
    assert (read.texts, read.labels) == (['Good, "very" good', "Bad, really"], ["1", "0"])


def test_says_which_column_is_missing_and_when_texts_are_too_few(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    path.write_text("body,stars\nGood,5\nBad,1\n", encoding="utf-8")
    with pytest.raises(SetupProblem) as missing:
        read_labelled(path, "text", "stars")
    assert "body, stars" in missing.value.try_instead
    with pytest.raises(NeedsPerson):
        backtest_sentiment(path, text="body", label="stars")
    with pytest.raises(SetupProblem):
        read_labelled(tmp_path / "nothing.csv", "text", None)
