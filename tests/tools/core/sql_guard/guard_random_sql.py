"""Random SELECT statements over the small shop, for the two oracles: seedable, and as odd as people and models can be.

Results are deterministic by construction (LIMIT only behind a total order, windows ordered by everything), so that two runs may be
compared; closed columns and tricks are mixed in at a low rate, so that about half of the statements pass the guard and run.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

COLUMNS: dict[str, dict[str, str]] = {
    "customers": {
        "customer_id": "n",
        "region": "t",
        "city": "t",
        "birth_date": "d",
        "segment": "t",
        "signup_date": "d",
        "marketing_consent": "b",
    },
    "orders": {"order_id": "n", "customer_id": "n", "ordered_on": "d", "amount": "n", "channel": "t", "status": "t"},
    "order_lines": {"order_id": "n", "product_id": "n", "quantity": "n", "price": "n"},
    "products": {"product_id": "n", "name": "t", "category": "t"},
    "tickets": {"ticket_id": "n", "customer_id": "n", "opened_on": "d", "topic": "t"},
}
CLOSED: dict[str, dict[str, str]] = {
    "customers": {"full_name": "t", "email": "t", "phone": "t", "gender": "t", "password_hash": "t"},
    "tickets": {"body": "t"},
}
TEXTS = (
    "EMEA",
    "APAC",
    "AMER",
    "Ghent",
    "Perth",
    "Lima",
    "gold",
    "web",
    "paid",
    "refund",
    "tea",
    "canary1@example.com",
    "it''s",
    "%a%",
    "f",
)
DATES = ("2020-06-01", "2021-01-01", "2023-03-01", "2024-01-31", "1970-01-01")
CLOSED_RATE = 0.012
TRICK_RATE = 0.006


@dataclass(frozen=True)
class Source:
    alias: str
    columns: dict[str, str]
    table: str | None = None


class RandomSql:
    """Draws one statement after the other."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._names = 0

    def statement(self) -> str:
        self._names = 0
        draw = self._draw
        if draw.random() < 0.12:
            return self._with()
        text, _ = self._query(draw.choice((1, 2, 2, 3)))
        return text

    def group_statement(self) -> str:
        """A statement as someone who sees groups only would write it, with attempts to see less than a group."""
        self._names = 0
        draw = self._draw
        roll = draw.random()
        if roll < 0.6:
            return self._group_block()[0]
        if roll < 0.75:
            text, columns = self._group_block()
            column = draw.choice(columns)
            test = draw.choice((f"{column} IS NOT NULL", f"CAST(CASE WHEN {column} IS NULL THEN '1' ELSE 'x' END AS INTEGER) = 1", "true"))
            return f"WITH g AS ({text}) SELECT {column}, count(*) OVER () AS n FROM g WHERE {test} ORDER BY ALL"
        if roll < 0.85:
            text, columns = self._group_block()
            return f"SELECT p.name, g.* FROM products p LEFT JOIN ({text}) g ON true WHERE p.product_id < 3 ORDER BY ALL"
        if roll < 0.95:
            return f"SELECT {self._blend([self._people_source()[1]])} AS a FROM orders WHERE amount > ({self._scalar_group()})"
        return f"SELECT ({self._scalar_group()}) AS a, ({self._scalar_group()}) AS b"

    def _people_source(self) -> tuple[str, Source]:
        table = self._draw.choice(("customers", "orders", "order_lines", "tickets"))
        alias = self._name("t")
        return f"{table} {alias}", Source(alias, COLUMNS[table], table)

    def _group_block(self) -> tuple[str, list[str]]:
        draw = self._draw
        text, source = self._people_source()
        sources = [source]
        if draw.random() < 0.5:
            joined, other = self._people_source()
            shared = sorted(set(source.columns) & set(other.columns) & {"customer_id", "order_id"})
            if shared:
                how = draw.choice(("JOIN", "JOIN", "LEFT JOIN", "FULL JOIN"))
                extra = f" AND {self._predicate([source, other], 0)}" if draw.random() < 0.2 else ""
                text += f" {how} {joined} ON {source.alias}.{shared[0]} = {other.alias}.{shared[0]}{extra}"
                sources.append(other)
        if draw.random() < 0.08:
            text += f", LATERAL (VALUES ({self._column('t', sources)})) v(z)"
            sources.append(Source("v", {"z": "t"}))
        keys = [self._name("k") for _ in range(draw.choice((0, 1, 1, 2)))]
        items = [f"{self._group_key(sources)} AS {key}" for key in keys]
        figures = [self._name("a") for _ in range(draw.randint(1, 2))]
        items += [f"{self._blend(sources)} AS {name}" for name in figures]
        where = f" WHERE {self._predicate(sources, draw.choice((0, 0, 1)))}" if draw.random() < 0.5 else ""
        group = " GROUP BY " + ", ".join(str(i + 1) for i in range(len(keys))) if keys else ""
        having = f" HAVING {self._blend(sources)} > {draw.randint(0, 5)}" if draw.random() < 0.2 else ""
        return f"SELECT {', '.join(items)} FROM {text}{where}{group}{having}", [*keys, *figures]

    def _scalar_group(self) -> str:
        text, source = self._people_source()
        return f"SELECT {self._blend([source])} FROM {text}{self._where([source], 0)}"

    def _group_key(self, sources: list[Source]) -> str:
        draw = self._draw
        text, date, number = self._column("t", sources), self._column("d", sources), self._figure(sources)
        return draw.choice((
            text, text, f"upper({text})", f"left({text}, 1)", f"year({date})", f"date_trunc('month', {date})", f"strftime({date}, '%Y')",
            f"CASE WHEN {self._predicate(sources, 0)} THEN 'yes' ELSE 'no' END", f"coalesce({text}, 'none')", f"CAST({text} AS INTEGER)",
            number, date, f"CAST(CASE WHEN {self._predicate(sources, 0)} THEN 'x' ELSE '1' END AS INTEGER)", f"({text} || {text})",
        ))  # fmt: skip

    def _figure(self, sources: list[Source]) -> str:
        """A number that is no key, most of the time."""
        draw = self._draw
        figures = [f"{s.alias}.{c}" for s in sources for c in ("amount", "quantity", "price") if c in s.columns]
        return draw.choice(figures) if figures and draw.random() < 0.9 else self._column("n", sources)

    def _blend(self, sources: list[Source]) -> str:
        draw = self._draw
        number, text = self._figure(sources), self._column("t", sources)
        return draw.choice((
            "count(*)", "count(*)", f"count({text})", f"count(DISTINCT {text})", f"sum({number})", f"avg({number})", f"stddev({number})",
            f"sum({number} * 2)", f"sum({number} + {self._figure(sources)})", f"count(DISTINCT {number})", f"max({number})",
            f"round(avg({number}), 2)", f"sum(CAST({text} AS INTEGER))", f"count(*) FILTER (WHERE {self._predicate(sources, 0)})",
        ))  # fmt: skip

    # -- queries ---------------------------------------------------------------------------------------------------

    def _with(self) -> str:
        draw = self._draw
        parts, known = [], []
        for _ in range(draw.randint(1, 2)):
            text, columns = self._query(1)
            name = self._name("w")
            parts.append(f"{name} AS {draw.choice(('', 'MATERIALIZED ', 'NOT MATERIALIZED '))}({text})")
            known.append(Source(name, columns))
        text, _ = self._select([Source(draw.choice(known).alias, draw.choice(known).columns)], f"{known[-1].alias}", known[-1:], 1)
        return f"WITH {', '.join(parts)} {text}"

    def _query(self, depth: int) -> tuple[str, dict[str, str]]:
        draw = self._draw
        if depth > 0 and draw.random() < 0.1:
            return self._set_operation(depth)
        text, sources = self._from(depth)
        return self._select(sources, text, sources, depth)

    def _set_operation(self, depth: int) -> tuple[str, dict[str, str]]:
        kinds = [self._draw.choice("ntd") for _ in range(self._draw.randint(1, 3))]
        arms = []
        for _ in range(2):
            text, sources = self._from(depth - 1)
            items = [f"{self._expression(kind, sources, 1)} AS c{i}" for i, kind in enumerate(kinds)]
            arms.append(f"SELECT {', '.join(items)} FROM {text}{self._where(sources, depth - 1)}")
        operator = self._draw.choice(("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL"))
        return f"{arms[0]} {operator} {arms[1]}", {f"c{i}": kind for i, kind in enumerate(kinds)}

    def _select(self, outer: list[Source], origin: str, sources: list[Source], depth: int) -> tuple[str, dict[str, str]]:
        draw = self._draw
        if draw.random() < 0.4:
            return self._aggregate(origin, sources, depth)
        if draw.random() < 0.12 and origin:
            star = self._star(sources)
            return f"SELECT {star} FROM {origin}{self._where(sources, depth)}", {}
        items, columns = [], {}
        for _ in range(draw.randint(1, 4)):
            kind = draw.choice("nntdb")
            name = self._name("c")
            items.append(f"{self._window(sources) if draw.random() < 0.1 else self._expression(kind, sources, depth)} AS {name}")
            columns[name] = kind
        distinct = "DISTINCT " if draw.random() < 0.15 else ""
        text = f"SELECT {distinct}{', '.join(items)} FROM {origin}{self._where(sources, depth)}"
        return text + self._tail(list(columns)), columns

    def _aggregate(self, origin: str, sources: list[Source], depth: int) -> tuple[str, dict[str, str]]:
        draw = self._draw
        keys = [self._name("k") for _ in range(draw.randint(0, 2))]
        items = [f"{self._expression(draw.choice('tdn'), sources, 1)} AS {key}" for key in keys]
        columns = dict.fromkeys(keys, "t")
        for _ in range(draw.randint(1, 3)):
            name = self._name("a")
            items.append(f"{self._aggregation(sources)} AS {name}")
            columns[name] = "n"
        group = ""
        if keys:
            ordinals = ", ".join(str(i + 1) for i in range(len(keys)))
            group = draw.choice((" GROUP BY ALL", f" GROUP BY {', '.join(keys)}", f" GROUP BY {ordinals}"))
        having = f" HAVING {self._aggregation(sources)} {draw.choice('<>')} {draw.randint(0, 40)}" if draw.random() < 0.25 else ""
        return f"SELECT {', '.join(items)} FROM {origin}{self._where(sources, depth)}{group}{having}" + self._tail(list(columns)), columns

    def _tail(self, names: list[str]) -> str:
        draw = self._draw
        if draw.random() < 0.6:
            return ""
        order = draw.choice(
            (" ORDER BY ALL", " ORDER BY " + ", ".join(str(i + 1) for i in range(len(names))), " ORDER BY " + ", ".join(names))
        )
        return order + (f" LIMIT {draw.randint(1, 9)}" if draw.random() < 0.5 else "") + (" OFFSET 1" if draw.random() < 0.1 else "")

    def _star(self, sources: list[Source]) -> str:
        draw = self._draw
        source = draw.choice(sources)
        star = draw.choice(("*", f"{source.alias}.*"))
        if draw.random() < 0.3 and source.columns:
            column = draw.choice(list(source.columns))
            star += draw.choice((f" EXCLUDE ({column})", f" REPLACE (1 AS {column})", f" RENAME ({column} AS {self._name('r')})"))
        return star

    # -- sources ---------------------------------------------------------------------------------------------------

    def _from(self, depth: int) -> tuple[str, list[Source]]:
        draw = self._draw
        text, source = self._source(depth)
        sources = [source]
        for _ in range(draw.choice((0, 0, 0, 0, 1, 1, 1, 2))):
            joined, other = self._source(depth)
            shared = sorted(set(source.columns) & set(other.columns))
            how = draw.random()
            if shared and how < 0.4:
                join = draw.choice(("JOIN", "LEFT JOIN", "FULL JOIN", "RIGHT JOIN"))
                text += f" {join} {joined} ON {source.alias}.{shared[0]} = {other.alias}.{shared[0]}"
            elif shared and how < 0.55:
                text += f" JOIN {joined} USING ({shared[0]})"
            elif shared and how < 0.6:
                text += f" {draw.choice(('SEMI', 'ANTI'))} JOIN {joined} USING ({shared[0]})"
                continue
            elif shared and how < 0.63:
                text += f" NATURAL JOIN {joined}"
            elif how < 0.7:
                text += f" CROSS JOIN {joined}"
            elif how < 0.75:
                inner = f"SELECT count(*) AS m FROM {self._table_name('orders')} z WHERE z.customer_id = {self._column('n', sources)}"
                other = Source(self._name("l"), {"m": "n"})
                text += f", LATERAL ({inner}) {other.alias}"
            else:
                text += f" {draw.choice(('JOIN', 'LEFT JOIN'))} {joined} ON {self._predicate([*sources, other], 1)}"
            sources.append(other)
        return text, sources

    def _source(self, depth: int) -> tuple[str, Source]:
        draw = self._draw
        alias = self._name("t")
        if depth > 0 and draw.random() < 0.15:
            text, columns = self._query(depth - 1)
            if columns:
                if draw.random() < 0.3:
                    columns = {f"x{i}": kind for i, kind in enumerate(columns.values())}
                    return f"({text}) {alias}({', '.join(columns)})", Source(alias, columns)
                return f"({text}) AS {alias}", Source(alias, columns)
        if draw.random() < 0.05:
            return f"{draw.choice(('range(1, 70)', 'generate_series(1, 70)'))} {alias}(n)", Source(alias, {"n": "n"})
        if draw.random() < 0.03:
            return f"(VALUES (1, 'EMEA'), (2, 'APAC')) {alias}(n, s)", Source(alias, {"n": "n", "s": "t"})
        table = draw.choice(("customers", "customers", "orders", "orders", "order_lines", "products", "tickets"))
        if draw.random() < TRICK_RATE:
            return f"{table} {alias}({', '.join(f'y{i}' for i in range(4))})", Source(alias, {f"y{i}": "t" for i in range(4)}, table)
        if draw.random() < TRICK_RATE:
            return draw.choice(("all_customers", "app_users", "query_table('customers')", "duckdb_tables()")) + f" {alias}", Source(
                alias, COLUMNS[table]
            )
        return f"{self._table_name(table)} {alias}", Source(alias, COLUMNS[table], table)

    def _table_name(self, table: str) -> str:
        return self._draw.choice((table, table, table, f"main.{table}", f'"{table}"', table.upper()))

    # -- expressions -----------------------------------------------------------------------------------------------

    def _where(self, sources: list[Source], depth: int) -> str:
        return f" WHERE {self._predicate(sources, depth)}" if self._draw.random() < 0.6 else ""

    def _predicate(self, sources: list[Source], depth: int) -> str:
        draw = self._draw
        roll = draw.random()
        if depth > 0 and roll < 0.2:
            return f"({self._predicate(sources, depth - 1)} {draw.choice(('AND', 'OR'))} {self._predicate(sources, depth - 1)})"
        if depth > 0 and roll < 0.25:
            return f"NOT {self._predicate(sources, depth - 1)}"
        if depth > 0 and roll < 0.35:
            return self._subquery_predicate(sources)
        kind = draw.choice("nttd")
        left = self._expression(kind, sources, 1)
        if roll < 0.45:
            return f"{left} IS {draw.choice(('', 'NOT '))}NULL"
        if roll < 0.55:
            return f"{left} {draw.choice(('', 'NOT '))}IN ({', '.join(self._literal(kind) for _ in range(3))})"
        if roll < 0.6:
            return f"{left} BETWEEN {self._literal(kind)} AND {self._literal(kind)}"
        if kind == "t" and roll < 0.7:
            return f"{left} {draw.choice(('LIKE', 'ILIKE', 'NOT LIKE'))} {draw.choice(TEXTS)!r}".replace("\"it''s\"", "'it''s'")
        right = self._expression(kind, sources, 0) if draw.random() < 0.3 else self._literal(kind)
        return f"{left} {draw.choice(('=', '<>', '<', '>', '<=', '>=', 'IS DISTINCT FROM'))} {right}"

    def _subquery_predicate(self, sources: list[Source]) -> str:
        draw = self._draw
        if draw.random() < 0.5:
            column = self._column("n", sources)
            test = self._predicate([Source("q", COLUMNS["orders"], "orders")], 0)
            return f"EXISTS (SELECT 1 FROM orders q WHERE q.customer_id = {column} AND {test})"
        inner = Source("q", COLUMNS["customers"], "customers")
        column = draw.choice(("customer_id", self._column("n", [inner])))
        return f"{self._column('n', sources)} {draw.choice(('IN', 'NOT IN'))} (SELECT {column} FROM customers q{self._where([inner], 0)})"

    def _expression(self, kind: str, sources: list[Source], depth: int) -> str:
        draw = self._draw
        if draw.random() < TRICK_RATE:
            return self._trick(sources)
        if depth <= 0 or draw.random() < 0.5:
            return self._column(kind, sources) if draw.random() < 0.85 else self._literal(kind)
        inner = self._expression(kind, sources, depth - 1)
        if draw.random() < 0.08:
            return f"CASE WHEN {self._predicate(sources, 0)} THEN {inner} ELSE {self._literal(kind)} END"
        if draw.random() < 0.05:
            return f"coalesce({inner}, {self._literal(kind)})"
        if kind == "n":
            other = self._expression("n", sources, 0)
            text, date = self._expression("t", sources, 0), self._expression("d", sources, 0)
            return draw.choice((f"({inner} + {other})", f"({inner} * 2)", f"abs({inner})", f"round({inner}, 1)", f"({inner} % 7)",
                                f"length({text})", f"year({date})", f"extract(month FROM {date})",
                                f"TRY_CAST({text} AS INTEGER)", self._probe(sources),
                                f"date_diff('day', {date}, DATE '2024-01-01')", self._scalar_subquery(sources)))  # fmt: skip
        if kind == "t":
            other = self._expression("t", sources, 0)
            return draw.choice((f"upper({inner})", f"({inner} || {other})", f"substr({inner}, 1, 2)",
                                f"CAST({self._column('n', sources)} AS VARCHAR)", f"replace({inner}, 'a', 'b')", f"md5({inner})",
                                f"left({inner}, 3)", f"concat_ws('-', {inner}, {other})",
                                f"strftime({self._column('d', sources)}, '%Y-%m')", f"regexp_replace({inner}, '[a-m]', '_')"))  # fmt: skip
        if kind == "d":
            return draw.choice(
                (f"date_trunc('month', {inner})", f"({inner} + INTERVAL 1 DAY)", f"CAST({inner} AS DATE)", f"last_day({inner})")
            )
        return f"({self._predicate(sources, 0)})"

    def _probe(self, sources: list[Source]) -> str:
        """An error for some rows only: on rows that an asker may not see, it would tell that they exist."""
        draw = self._draw
        text = self._column("t", sources)
        test = draw.choice(
            (f"{text} = '{draw.choice(TEXTS)}'", f"{self._column('n', sources)} = {draw.randint(1, 60)}", f"{text} = 'APAC'")
        )
        return f"CAST(CASE WHEN {test} THEN 'x' ELSE '1' END AS INTEGER)"

    def _scalar_subquery(self, sources: list[Source]) -> str:
        draw = self._draw
        inner = Source("s", COLUMNS["orders"], "orders")
        where = f" WHERE s.customer_id = {self._column('n', sources)}" if draw.random() < 0.5 else self._where([inner], 0)
        return f"(SELECT {draw.choice(('max', 'sum', 'count', 'avg'))}({self._column('n', [inner])}) FROM orders s{where})"

    def _aggregation(self, sources: list[Source]) -> str:
        draw = self._draw
        number, text = self._expression("n", sources, 1), self._expression("t", sources, 0)
        return draw.choice((
            "count(*)", "count(*)", f"count({text})", f"count(DISTINCT {number})", f"sum({number})", f"sum({number})", f"avg({number})",
            f"min({text})", f"max({number})", f"median({number})", f"count(*) FILTER (WHERE {self._predicate(sources, 0)})",
            f"sum(CASE WHEN {self._predicate(sources, 0)} THEN 1 ELSE 0 END)", f"string_agg(DISTINCT {text}, ',' ORDER BY {text})",
            f"bool_or({self._predicate(sources, 0)})", f"quantile_disc({number}, 0.25)", f"stddev({number})",
        ))  # fmt: skip

    def _window(self, sources: list[Source]) -> str:
        draw = self._draw
        everything = ", ".join(f"{s.alias}.{c}" for s in sources for c in s.columns)
        partition = f"PARTITION BY {self._column('t', sources)} " if draw.random() < 0.5 else ""
        function = draw.choice(
            ("row_number()", "count(*)", f"lag({self._column('n', sources)})", "rank()", f"max({self._column('n', sources)})")
        )
        return f"{function} OVER ({partition}ORDER BY {everything})"

    def _column(self, kind: str, sources: list[Source]) -> str:
        draw = self._draw
        source = draw.choice(sources)
        closed = CLOSED.get(source.table or "", {})
        if closed and draw.random() < CLOSED_RATE * 4:
            return f"{source.alias}.{draw.choice(list(closed))}"
        fitting = [c for c, k in source.columns.items() if k == kind] or [c for s in sources for c, k in s.columns.items() if k == kind]
        if not fitting:
            return self._literal(kind)
        column = draw.choice(fitting)
        owner = source if column in source.columns else next(s for s in sources if column in s.columns)
        unique = sum(column in s.columns for s in sources) == 1
        if unique and draw.random() < 0.4:
            return column
        return f"{owner.alias}." + draw.choice((column, column, column.upper(), f'"{column}"'))

    def _trick(self, sources: list[Source]) -> str:
        alias = self._draw.choice(sources).alias
        return self._draw.choice((
            alias, f"{alias}::VARCHAR", f"hash({alias})", f"to_json({alias})", "COLUMNS('em.*')", "#3", f"{alias}.rowid", "rowid",
            f"{alias}.email.upper()", f"struct_extract({alias}, 'email')", "(SELECT max(email) FROM customers)",
            "(SELECT count(*) FROM app_users)",
            "peek()", "current_setting('threads')", f"error({alias}.region)", "(SELECT email FROM customers LIMIT 1)", f"list({alias})",
            "getvariable('v')",
        ))  # fmt: skip

    def _literal(self, kind: str) -> str:
        draw = self._draw
        if kind == "t":
            return f"'{draw.choice(TEXTS)}'"
        if kind == "d":
            return f"DATE '{draw.choice(DATES)}'"
        return draw.choice(("TRUE", "FALSE")) if kind == "b" else str(draw.randint(0, 60))

    def _name(self, prefix: str) -> str:
        self._names += 1
        return f"{prefix}{self._names}"
