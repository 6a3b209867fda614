"""Questions about rows and their fields, over a schema of a kind that people bring: its model is a draft, with a few words added.

The rows are checked, not the plans: several plans may say the same.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pytest
import yaml

from assistant.minds.embedded.arbiter import judge
from assistant.minds.embedded.assemble import Reading
from assistant.minds.embedded.mind import QuestionReader
from assistant.minds.embedded.values import ValueIndex
from assistant.turn import MindContext
from tools.core.query import MetricQuery, compile_query
from tools.core.semantics import read_model
from tools.core.semantics.drafting import draft_model

AS_OF = dt.date(2023, 12, 31)
CONTEXT = MindContext(warehouse=None, rights=None, as_of=AS_OF)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def reader(school: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> QuestionReader:
    document = yaml.safe_load(draft_model(school, "riding_school"))
    lessons = next(d for d in document["semantic_model"][0]["datasets"] if d["name"] == "lessons")
    lessons.setdefault("ai_context", {})["verbs"] = ["book"]
    for dataset in document["semantic_model"][0]["datasets"]:
        for field in dataset["fields"]:  # a school of six horses keeps no secrets in its tests
            if field["name"] in ("first_name", "last_name"):
                field["custom_extensions"] = [{"vendor_name": "CUSTOMER_INTELLIGENCE", "data": '{"index_values": true}'}]
    path = tmp_path_factory.mktemp("school") / "semantic_model.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    model = read_model(path)
    return QuestionReader(model, ValueIndex.build(model, lambda sql: school.execute(sql).fetchall()), AS_OF)


def reading(reader: QuestionReader, question: str) -> Reading:
    tokens, _ = reader.tokens(question)
    return reader.readings(tokens, CONTEXT)[0]


def rows(reader: QuestionReader, school: duckdb.DuckDBPyConnection, query: MetricQuery, *columns: str) -> list[tuple[Any, ...]]:
    """Rows of the answer in its order, only the columns named."""
    result = school.execute(compile_query(query, reader.model, rights=None, as_of=AS_OF).sql)
    names = [c[0] for c in result.description]
    return [tuple(row[names.index(c)] for c in columns) for row in result.fetchall()]


NAMES = ("name",)
ANSWERS: list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]] = [
    # fields of things, with an order
    ("List the names of all stables.", NAMES, [("Hill Farm",), ("Long Meadow",), ("Old Mill",), ("Sand Lane",)]),
    ("Show the name, breed and age of horses in descending order of height cm", ("name", "breed", "age"),
     [("Grace", "Hanoverian", 9), ("Duchess", "Hanoverian", 9), ("Bramble", "Arab", 7), ("Comet", "Arab", 12), ("Ember", "Fjord", 15),
      ("Flint", "Fjord", 4)]),
    ("What are the first and last names of riders in alphabetical order of last name?", ("first_name", "last_name"),
     [("Ada", "Brook"), ("Ben", "Cole"), ("Cleo", "Dean"), ("Dov", "Ellis")]),
    ("Sort the names of horses by age from old to young.", NAMES,
     [("Ember",), ("Comet",), ("Duchess",), ("Grace",), ("Bramble",), ("Flint",)]),
    ("What are the different breeds?", ("breed",), [("Arab",), ("Fjord",), ("Hanoverian",)]),
    # conditions on fields
    ("What are the names of horses older than 9?", NAMES, [("Comet",), ("Ember",)]),
    ("Find the names of horses whose breed is either Arab or Fjord", NAMES, [("Bramble",), ("Comet",), ("Ember",), ("Flint",)]),
    ("Show the names of horses whose breed is not Fjord", NAMES, [("Bramble",), ("Comet",), ("Duchess",), ("Grace",)]),
    ("Give the names of horses with age between 7 and 9", NAMES, [("Bramble",), ("Duchess",), ("Grace",)]),
    ("Which stables have a name that contains the word Mill?", NAMES, [("Old Mill",)]),
    ("Show the names of the horses whose height cm is above the average", NAMES, [("Duchess",), ("Grace",)]),
    ("What are the names of stables opened in 2011?", NAMES, [("Old Mill",), ("Sand Lane",)]),
    ("List the names of stables opened between 1980 and 2000", NAMES, [("Hill Farm",), ("Long Meadow",)]),
    ("What is the breed of Ember?", ("breed",), [("Fjord",)]),
    # other rows that must exist, or not
    ("Show the names of the stables that have no horses", NAMES, [("Sand Lane",)]),
    ("Find the names of stables that have at least 2 horses", NAMES, [("Hill Farm",), ("Long Meadow",)]),
    ("What are the names of horses booked by Ben Cole?", NAMES, [("Bramble",), ("Duchess",), ("Ember",)]),
    ("List the first names of riders without lessons", ("first_name",), [("Dov",)]),
    ("What are the names of stables that have both horses with breed Hanoverian and horses with breed Fjord?", NAMES, [("Long Meadow",)]),
    ("Show the names of stables that do not have any horse with Fjord breed", NAMES, [("Hill Farm",), ("Old Mill",), ("Sand Lane",)]),
    # the highest and the lowest
    ("What is the name of the oldest horse?", NAMES, [("Ember",)]),
    ("Show the name of the horse with the lowest height cm", NAMES, [("Flint",)]),
    ("Give the names of the 2 youngest horses", NAMES, [("Flint",), ("Bramble",)]),
    ("List the names of horses starting with the oldest", NAMES,
     [("Ember",), ("Comet",), ("Duchess",), ("Grace",), ("Bramble",), ("Flint",)]),
    ("What are the names of horses in reversed alphabetical order?", NAMES,
     [("Grace",), ("Flint",), ("Ember",), ("Duchess",), ("Comet",), ("Bramble",)]),
    # the short end of a name, a number before its field, the average of all
    ("What are the ids of the horses from Hill Farm?", ("horse_id",), [(1,), (2,)]),
    ("What are the names of horses with more than the average age?", NAMES, [("Comet",), ("Ember",)]),
    ("Show the name of stables that have 2 horses", NAMES, [("Hill Farm",)]),
    # what is not so, and what is of two kinds
    ("What are the names of horses that are not located in Hill Farm?", NAMES, [("Duchess",), ("Ember",), ("Flint",), ("Grace",)]),
    ("Find the names of stables that never had horses older than 9", NAMES, [("Old Mill",), ("Sand Lane",)]),
    ("Show the first names of riders who booked Duchess but not Bramble", ("first_name",), [("Cleo",)]),
    ("Show the first names of riders who booked Bramble and Ember", ("first_name",), [("Ada",), ("Ben",)]),
    ("Show the town with both stables opened after 2000 and stables opened before 1990", ("town",), [("Alton",)]),
    # groups by a figure of theirs, and things beside the fields of others
    ("Which breeds have an average age over 9?", ("breed",), [("Arab",), ("Fjord",)]),
    ("What are the names and the horses of stables?", ("name", "stables_name"),
     [("Bramble", "Hill Farm"), ("Comet", "Hill Farm"), ("Duchess", "Long Meadow"), ("Ember", "Long Meadow"), ("Flint", "Long Meadow"),
      ("Grace", "Old Mill")]),
    ("What is the name of the horse with the shortest height cm?", NAMES, [("Flint",)]),
    ("What are the names of horses that got more than the average age?", NAMES, [("Comet",), ("Ember",)]),
    ("How many horses does each stable have? List the number and the stable id.", ("stable_id", "horses"), [(2, 3), (1, 2), (3, 1)]),
    # figures of numbers, and counts
    ("What is the average age and height cm of horses?", ("average_age", "average_height_cm"), [(56 / 6, 153.5)]),
    ("What are the numbers of horses for each breed?", ("breed", "horses"), [("Arab", 2), ("Fjord", 2), ("Hanoverian", 2)]),
    ("Show the breed and the number of horses of that breed", ("breed", "horses"), [("Arab", 2), ("Fjord", 2), ("Hanoverian", 2)]),
    ("What are the average, minimum and maximum age of horses?", ("average_age", "lowest_age", "highest_age"), [(56 / 6, 4, 15)]),
    ("What is the average age of horses for each breed?", ("breed", "average_age"), [("Arab", 9.5), ("Fjord", 9.5), ("Hanoverian", 9.0)]),
    ("How many different breeds are there?", ("number_of_different_breeds",), [(3,)]),
    ("Show the name of each stable and the number of horses", ("name", "horses"), [("Long Meadow", 3), ("Hill Farm", 2), ("Old Mill", 1)]),
    ("How many horses are there in Alton?", ("horses",), [(3,)]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "columns", "expected"), ANSWERS, ids=[q for q, _, _ in ANSWERS])
def test_question_about_rows_gives_the_rows(reader, school, question: str, columns: tuple[str, ...], expected: list[tuple[Any, ...]]):
    read = reading(reader, question)
    assert read.query is not None, read.why_not
    assert judge(question, read, reader.model, None).doubt is None
    found = rows(reader, school, read.query, *columns)
    ordered = any(word in question for word in ("order", "Sort", "youngest", "starting"))
    assert (found if ordered else sorted(found, key=repr)) == (expected if ordered else sorted(expected, key=repr))


def test_two_that_share_the_first_place_are_both_named(reader, school):
    query = reading(reader, "What is the name of the stable with the highest opened year?").query
    assert query is not None
    assert sorted(rows(reader, school, query, "name")) == [("Old Mill",), ("Sand Lane",)]


def test_a_verb_that_the_model_does_not_know_is_said(reader):
    read = reading(reader, "What are the names of stables that are inhabited by horses with breed Arab?")
    assert read.query is not None
    assert any("inhabited" in doubt for doubt in read.doubts)


def test_a_deed_that_the_model_does_not_know_is_said_when_it_did_not_happen(reader, school):
    read = reading(reader, "Which stables did not house any horse?")
    assert read.query is not None
    assert rows(reader, school, read.query, "name") == [("Sand Lane",)]
    assert any("house" in doubt for doubt in read.doubts)


@pytest.mark.parametrize(
    "question",
    [
        "Show the names of horses but not of ponies",
        "List the names of horses with a blue ribbon",
        "Which horses were good?",
        "names of horses except the first",
    ],
)
def test_a_word_that_belongs_to_nothing_is_never_read_over(reader, question: str):
    read = reading(reader, question)
    assert not (read.by_fields and read.is_whole)


def test_no_beginning_of_a_question_breaks_the_reading(reader):
    for question, _, _ in ANSWERS:
        words = question.split()
        for end in range(1, len(words)):
            reading(reader, " ".join(words[:end]))


def test_keys_of_any_spelling_are_counted_and_moments_begin_on_their_day(tmp_path):
    """Columns in capitals, and a last day that is a moment: as other people's tables have them."""
    path = tmp_path / "semantic_model.yaml"
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE "VISITS" ("VISIT_ID" INTEGER PRIMARY KEY, "AT" TIMESTAMP)')
        connection.execute("INSERT INTO VISITS VALUES (1, TIMESTAMP '2023-02-01 10:30:00')")
        path.write_text(draft_model(connection, "visits"), encoding="utf-8")
        model = read_model(path)
        ValueIndex.build(model, lambda sql: connection.execute(sql).fetchall()).save(tmp_path / "values.json")
    assert ValueIndex.load(tmp_path / "values.json").first_day == dt.date(2023, 2, 1)
    assert QuestionReader(model, ValueIndex.empty(), AS_OF).lexicon.count_metrics == {"visits": "visits"}


@pytest.mark.parametrize(("rows_per_breed", "listed_once"), [(3, False), (50, True)])
def test_what_sorts_many_rows_into_few_kinds_is_told_once(school, tmp_path, rows_per_breed: int, listed_once: bool):
    path = tmp_path / "semantic_model.yaml"
    path.write_text(draft_model(school, "riding_school"), encoding="utf-8")
    values = ValueIndex({"horses.breed": [("Haflinger", rows_per_breed), ("Friesian", rows_per_breed)]}, {})
    query = reading(QuestionReader(read_model(path), values, AS_OF), "What breeds are there?").query
    assert query is not None
    assert (query.listing is None, [d.field for d in query.dimensions]) == ((True, ["horses.breed"]) if listed_once else (False, []))
