"""The command line as an operator meets it: outputs, exit codes, faults."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from assistant.interfaces.cli import app
from assistant.interfaces.cli_common import EXIT_CODES


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASSISTANT_HOME", str(home))
    monkeypatch.setenv("ASSISTANT_WAREHOUSE", "completejourney")

    def invoke(*args: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=stdin)

    return invoke


def test_ask_prints_the_sentence_and_exits_0(run):
    result = run("ask", "revenue in March 2017")
    assert result.exit_code == 0
    assert "Revenue was $380,300.74 in March 2017." in result.output


def test_ask_json_is_the_contract(run):
    answer = json.loads(run("ask", "visits in 2017", "--json").output)
    assert answer["tables"][0]["rows"] == [[155762]]
    assert answer["interpretation"]["window"] == {"start": "2017-01-01", "end": "2017-12-31"}


@pytest.mark.parametrize(
    ("question", "status"), [("what is our profit margin?", "declined"), ("", "declined"), ("revenue in 2017", "answered")]
)
def test_the_exit_code_follows_the_status(run, question: str, status: str):
    assert run("ask", question).exit_code == EXIT_CODES[status]


def test_an_unknown_user_exits_with_the_code_of_the_policy(run):
    assert run("ask", "revenue in 2017", "--user", "mallory").exit_code == 4


def test_an_as_of_day_moves_last_month(run):
    answer = json.loads(run("ask", "revenue last month", "--as-of", "2017-06-30", "--json").output)
    assert answer["interpretation"]["window"] == {"start": "2017-06-01", "end": "2017-06-30"}


def test_a_day_that_is_none_is_a_usage_error(run):
    assert run("ask", "revenue", "--as-of", "yesterday").exit_code == 2


def test_a_batch_keeps_order_and_follows(run, tmp_path: Path):
    lines = [
        {"id": "a", "question": "revenue in March 2017"},
        {"id": "b", "question": "how many stores are there?"},
        {"id": "c", "question": "and in April?", "follows": "a"},
        {"id": "d", "question": "and in May?", "follows": "a"},
    ]
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert run("ask", "--batch", str(source), "--out", str(target)).exit_code == 0
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert [row["answer"]["tables"][0]["rows"] for row in rows] == [[[380300.74]], [[457]], [[373646.21]], [[400771.04]]]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"id": "a"}', "in.jsonl:1: question"),
        ("not json", "in.jsonl:1"),
        ('{"id": "a", "question": "x", "follows": "z"}', "no earlier id"),
    ],
)
def test_a_bad_batch_line_is_named(run, tmp_path: Path, line: str, said: str):
    (tmp_path / "in.jsonl").write_text(line, encoding="utf-8")
    result = run("ask", "--batch", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl"))
    assert result.exit_code == 1
    assert said in result.output


def test_metric_runs_a_plan_without_a_mind(run):
    result = run("metric", '{"metrics": ["visits"], "window": {"start": "2017-03-01", "end": "2017-03-31"}}', "--json")
    assert json.loads(result.output)["tables"][0]["rows"] == [[12981]]


def test_metric_names_the_field_that_does_not_fit(run):
    result = run("metric", '{"metrics": ["visits"], "sql": "x"}')
    assert result.exit_code == 3
    assert "sql" in result.output


def test_sql_check_shows_the_text_that_would_run(run):
    verdict = json.loads(run("sql", "check", "select count(*) as n from stores").output)
    assert verdict["verdict"] == "allowed"
    assert "stores" in verdict["sql"]


def test_sql_that_is_no_select_is_refused_with_the_code_of_the_policy(run):
    result = run("sql", "check", "drop table stores")
    assert result.exit_code == 4
    assert json.loads(result.output)["verdict"] == "refused"


def test_sql_batch_gives_a_verdict_a_line(run, tmp_path: Path):
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text('{"id": 1, "sql": "select count(*) as n from stores"}\n{"id": 2, "sql": "copy stores to \'x\'"}\n', encoding="utf-8")
    run("sql", "run", "--batch", str(source), "--out", str(target))
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert (rows[0]["id"], rows[0]["verdict"], rows[0]["rows"]) == (1, "allowed", [[457]])
    assert (rows[1]["id"], rows[1]["verdict"]) == (2, "refused")


def test_status_names_the_database_file(run):
    status = json.loads(run("warehouse", "status", "--json").output)
    assert Path(status["path"]).is_file()
    assert status["as_of"] == "2017-12-31"


def test_an_unknown_warehouse_lists_those_there_are(run):
    result = run("ask", "revenue", "--warehouse", "completejurney")
    assert result.exit_code == 1
    assert "completejourney" in result.output


def test_a_warehouse_that_was_never_built_says_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "empty"))
    result = CliRunner().invoke(app, ["ask", "revenue"])
    assert result.exit_code == 1
    assert "warehouse_not_built" in result.output
    assert "assistant warehouse build" in result.output


def test_a_setting_out_of_range_is_named(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ASSISTANT_DEADLINE_S", "-1")
    result = run("ask", "revenue")
    assert result.exit_code == 1
    assert "ASSISTANT_DEADLINE_S" in result.output


def test_policy_explains_a_role_in_words(run):
    assert "role local" in run("policy", "explain", "local").output


def test_the_shipped_model_has_no_problems(run):
    path = Path(__file__).parents[3] / "tools/warehouses/completejourney/semantic_model.yaml"
    assert run("semantics", "validate", str(path)).output.strip() == "No problems."


def test_help_and_a_cold_question_load_nothing_heavy(home: Path):
    """Time would be noise; what is imported is not. The learner is read with numpy, which is the one exception."""
    script = (
        "import sys; sys.argv = ['assistant', 'ask', 'revenue in 2017'];"
        "from assistant.interfaces.cli import app\n"
        "try: app()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'sklearn', 'langchain', 'langchain_core', 'chainlit', 'pandas', 'chromadb', 'plotly', 'fastapi'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    environment = {"ASSISTANT_HOME": str(home), "ASSISTANT_WAREHOUSE": "completejourney", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert "HEAVY []" in done.stdout, done.stdout + done.stderr


def test_a_first_model_is_drafted_from_a_file_and_never_overwrites_one(run, tmp_path: Path):
    data, out = tmp_path / "parcels.csv", tmp_path / "semantic_model.yaml"
    data.write_text("parcel_id,town,weight\n1,Alton,2.5\n2,Bray,4\n", encoding="utf-8")
    assert run("semantics", "draft", str(data), "--out", str(out)).exit_code == 0
    assert run("semantics", "validate", str(out)).exit_code == 0
    assert "average_weight" in out.read_text(encoding="utf-8")
    assert run("semantics", "draft", str(data), "--out", str(out)).exit_code == 2
    assert "There is no file or folder nothing.duckdb" in run("semantics", "draft", str(tmp_path / "nothing.duckdb")).output
