"""What is assumed of a document that does not say: labels from names, roles from keys and types."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from tools.core.semantics.model import Datatype, MetricFormat

TEMPORAL = frozenset({Datatype.DATE, Datatype.TIME, Datatype.DATETIME, Datatype.DATETIME_TZ})
DATED = frozenset({Datatype.DATE, Datatype.DATETIME, Datatype.DATETIME_TZ})
NUMERIC = frozenset({Datatype.INTEGER, Datatype.DECIMAL, Datatype.FLOAT})

_WAREHOUSE_AFFIXES = frozenset({"dim", "fact", "fct", "stg", "mart", "tbl", "vw"})
_LONGEST_PREFIX = 3
_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women", "datum": "data"}
_UNCHANGED = frozenset({"staff", "equipment", "weather", "information", "furniture", "aircraft", "series", "species", "personnel", "news"})
_SINGULAR = {plural: singular for singular, plural in _IRREGULAR.items()}
_PEOPLE = ("customer", "household", "user", "member", "client", "guest", "subscriber", "patient", "shopper", "buyer", "person")
_PERSONAL = frozenset(
    {
        "email",
        "mail",
        "phone",
        "mobile",
        "telephone",
        "fax",
        "name",
        "firstname",
        "lastname",
        "surname",
        "fullname",
        "address",
        "street",
        "birthday",
        "birthdate",
        "dob",
        "ssn",
        "iban",
        "passport",
    }
)
_CALENDAR = frozenset({"date", "dates", "calendar", "day", "days", "time", "spine"})
_MONEY = frozenset(
    {
        "revenue",
        "sales",
        "amount",
        "price",
        "cost",
        "costs",
        "profit",
        "margin",
        "spend",
        "value",
        "discount",
        "discounts",
        "fee",
        "fees",
        "income",
        "turnover",
        "payment",
        "payments",
        "paid",
    }
)
_COUNT = frozenset({"count", "number", "num", "orders", "units", "quantity", "customers", "visits", "days"})
_RATE = frozenset({"rate", "share", "ratio", "percent", "pct", "percentage"})


def words(name: str) -> str:
    """`ship_date` and `shipDate` -> "ship date"; warehouse affixes such as `dim_` are dropped."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").lower().split()
    kept = [word for word in spaced if word not in _WAREHOUSE_AFFIXES]
    return " ".join(kept or spaced)


def shared_prefix(names: Sequence[str]) -> str:
    """The short prefix that most columns of a table carry ("c_" of c_name, c_city, c_since), else nothing."""
    prefixes = Counter(f"{name.partition('_')[0]}_" for name in names if 1 <= name.find("_") <= _LONGEST_PREFIX)
    if not prefixes:
        return ""
    prefix, count = prefixes.most_common(1)[0]
    return prefix if count >= 3 and count > 0.6 * len(names) else ""


def plural(phrase: str) -> str:
    """Plural of an English noun phrase: its last word, or the word before "of"."""
    head, of, tail = phrase.partition(" of ")
    before, _, noun = head.rpartition(" ")
    if noun in _UNCHANGED:
        many = noun
    elif noun in _IRREGULAR:
        many = _IRREGULAR[noun]
    elif re.search(r"[^aeiou]y$", noun):
        many = noun[:-1] + "ies"
    elif re.search(r"(s|x|z|ch|sh)$", noun):
        many = noun + "es"
    else:
        many = noun + "s"
    return f"{before} {many}".strip() + of + tail


def singular(phrase: str) -> str:
    """The inverse of `plural` for table names: "order lines" -> "order line"; words that are not plural stay."""
    before, _, noun = phrase.rpartition(" ")
    if noun in _UNCHANGED:
        one = noun
    elif noun in _SINGULAR:
        one = _SINGULAR[noun]
    elif noun.endswith("ies") and len(noun) > 4:
        one = noun[:-3] + "y"
    elif re.search(r"(sses|xes|zzes|ches|shes)$", noun) or re.search(r"[^aou]uses$", noun):
        one = noun[:-2]  # classes, boxes, campuses; but courses, houses, purchases
    elif noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        one = noun[:-1]
    else:
        one = noun
    return f"{before} {one}".strip()


def datatype_of(duckdb_type: str) -> Datatype:
    """The specification's datatype for a type of DuckDB."""
    base = duckdb_type.upper().partition("(")[0].strip()
    if base in {"VARCHAR", "UUID"} or base == "ENUM":
        return Datatype.STRING
    if base.lstrip("U") in {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}:
        return Datatype.INTEGER
    simple = {
        "DECIMAL": Datatype.DECIMAL,
        "FLOAT": Datatype.FLOAT,
        "DOUBLE": Datatype.FLOAT,
        "BOOLEAN": Datatype.BOOLEAN,
        "DATE": Datatype.DATE,
        "TIME": Datatype.TIME,
        "TIMESTAMP WITH TIME ZONE": Datatype.DATETIME_TZ,
    }
    if base in simple:
        return simple[base]
    return Datatype.DATETIME if base.startswith("TIMESTAMP") else Datatype.OPAQUE


def guess_datatype(name: str, *, is_time: bool | None, summed: bool) -> Datatype:
    """Datatype of a field that declares none, and whose column is not known either."""
    if summed:
        return Datatype.FLOAT
    tokens = words(name).split()
    if name.lower().endswith("_at") or "timestamp" in tokens:
        return Datatype.DATETIME
    if is_time or (is_time is None and tokens[-1] in {"date", "day"} and len(tokens) > 1):
        return Datatype.DATE if "date" in tokens or "day" in tokens else Datatype.STRING
    return Datatype.STRING


def looks_personal(name: str) -> bool:
    """True for columns that likely hold personal values; they stay out of the value index unless the author says otherwise."""
    return bool(_PERSONAL & set(words(name).split())) or words(name).replace(" ", "") in _PERSONAL


def looks_like_calendar(dataset: str) -> bool:
    """True for date tables, which other tables point to without being things that people count."""
    return bool(_CALENDAR & set(words(dataset).split()))


def people_among(datasets: Iterable[str]) -> str | None:
    """The dataset that, by its name, holds the customers."""
    by_noun = {singular(words(name)): name for name in datasets}
    return next((by_noun[noun] for noun in _PEOPLE if noun in by_noun), None)


def format_of(name: str, expression: str, datatype: Datatype | None) -> MetricFormat:
    """Money, rate or plain number, from the metric's datatype and name."""
    tokens = set(words(name).split())
    if tokens & _RATE:
        return MetricFormat.RATE
    if datatype is Datatype.INTEGER or tokens & _COUNT or expression.lstrip().upper().startswith("COUNT("):
        return MetricFormat.NUMBER
    return MetricFormat.MONEY if tokens & _MONEY else MetricFormat.NUMBER
