"""Orders and signals out of a warehouse, by the roles that its semantic model names. Build-time work: no asker, so no rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlglot import exp

from tools.core.customers.orders import Orders, day_number, to_date
from tools.core.errors import NeedsPerson
from tools.core.query import sql
from tools.core.query.build import Build
from tools.core.query.facts import Source
from tools.core.query.resolve import Scope
from tools.core.semantics.model import SemanticModel, Signal

if TYPE_CHECKING:
    import duckdb

_LAST = "last_orders"
_ROLE_WORDS = {
    "customer": "which dataset holds the customers (`customer`)",
    "order": "which field is the key of an order (`roles.order`)",
    "order_time": "which field is the day of an order (`roles.order_time`)",
    "amount": "which field is the value of an order (`roles.amount`)",
    "margin": "which field is the margin of an order (`roles.margin`)",
    "subscription": "which field is the key of a subscription (`roles.subscription`)",
    "subscription_start": "which field is the first day of a subscription (`roles.subscription_start`)",
    "subscription_end": "which field is the last day of a subscription (`roles.subscription_end`)",
}


def require_roles(model: SemanticModel, names: Iterable[str]) -> None:
    """Raises NeedsPerson (`roles_missing`) naming every role that the semantic model does not."""
    settings = model.settings
    missing = [name for name in names if (settings.customer if name == "customer" else getattr(settings.roles, name)) is None]
    if missing:
        said = "; ".join(_ROLE_WORDS[name] for name in missing)
        raise NeedsPerson(
            f"The semantic model does not say {said}.",
            try_instead="Name it in the model's custom_extensions; docs/semantic_model.md describes `roles`.",
            code="roles_missing",
        )


class CustomerData:
    """Reads one warehouse through its open connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, model: SemanticModel, as_of: dt.date) -> None:
        require_roles(model, ["customer"])
        self._connection = connection
        self._scope = Scope(model, rights=None, as_of=as_of)
        self._as_of = as_of
        assert model.settings.customer is not None
        self._customer = model.settings.customer
        self._customer_key = self._scope.key(model.settings.customer)

    @property
    def key_column(self) -> str:
        """Column of the customers' own table that identifies one."""
        return self._scope.model.datasets[self._customer].primary_key[0]

    @property
    def key_type(self) -> str:
        """DuckDB type of it."""
        source = self._source_name()
        found = self._connection.execute(f"SELECT typeof({_quoted(self.key_column)}) FROM {source} LIMIT 1").fetchall()
        return str(found[0][0]) if found else "VARCHAR"

    def orders(self, *, amount: str = "amount") -> Orders:
        """Every order up to the as-of day, one row per order of a known customer.

        Args:
            amount: The role that is added up: amount or margin.
        Raises:
            NeedsPerson: A role is missing (`roles_missing`), or there is no order at all (`no_orders`).
        """
        roles = self._scope.model.settings.roles
        require_roles(self._scope.model, ["customer", "order", "order_time", amount])
        value = str(getattr(roles, amount))
        order, when = str(roles.order), str(roles.order_time)
        source = self._fact([value, order, when, self._customer_key])
        key = source.bind(sql.symbol(self._customer_key))
        day = exp.cast(source.bind(sql.symbol(when)), "DATE")
        tests = [_known(key), _known(day), _until(day, self._as_of)]
        if roles.order_filter:
            tests.append(exp.paren(source.bind(sql.parse(roles.order_filter))))
        # The order's key is grouped by, so that lines of one order are one order.
        bound = source.bind(sql.symbol(order)), source.bind(sql.symbol(value))
        select = source.select(tests).select(
            exp.alias_(key.copy(), "customer"),
            exp.alias_(sql.function("DATE_DIFF", exp.Literal.string("day"), sql.literal(to_date(0)), exp.Min(this=day.copy())), "day"),
            exp.alias_(exp.cast(exp.Sum(this=bound[1]), "DOUBLE"), "amount"),
        )
        select = select.group_by(key.copy(), bound[0])
        rows = self._connection.execute(select.sql("duckdb")).fetchnumpy()
        if len(rows["day"]) == 0:
            raise NeedsPerson("There is no order in this warehouse.", try_instead="Check the roles and the order filter.", code="no_orders")
        amounts = np.nan_to_num(np.asarray(np.ma.filled(rows["amount"], 0.0), dtype=np.float64))
        return Orders.of(np.ma.getdata(rows["customer"]), np.asarray(rows["day"], dtype=np.int64), amounts)

    def subscriptions(self, customers: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Of every subscription of these customers: the customer's number, first day and last day in days since 1970; -1 while it runs.

        An end after the as-of day is not known yet, so that subscription still runs.
        Raises:
            NeedsPerson: A role is missing (`roles_missing`), or there is no subscription (`no_subscriptions`).
        """
        names = ("subscription", "subscription_start", "subscription_end")
        require_roles(self._scope.model, ["customer", *names])
        roles = self._scope.model.settings.roles
        source = self._fact([str(getattr(roles, name)) for name in names] + [self._customer_key])
        key = source.bind(sql.symbol(self._customer_key))
        start, end = (exp.cast(source.bind(sql.symbol(str(getattr(roles, name)))), "DATE") for name in names[1:])
        day = sql.literal(to_date(0))
        number = [sql.function("DATE_DIFF", exp.Literal.string("day"), day.copy(), value) for value in (start, end)]
        select = source.select([_known(key), _until(start, self._as_of)]).select(
            exp.alias_(key.copy(), "customer"), exp.alias_(number[0], "start"), exp.alias_(sql.coalesce(number[1], sql.number(-1)), "end_")
        )
        rows = self._connection.execute(select.sql("duckdb")).fetchnumpy()
        position, found = _numbers_of(np.ma.getdata(rows["customer"]), customers)
        if not found.any():
            raise NeedsPerson("No customer with an order has a subscription.", try_instead="Check the roles.", code="no_subscriptions")
        ends = np.asarray(rows["end_"], dtype=np.int64)[found]
        ends = np.where(ends > day_number(self._as_of), -1, ends)
        return position[found].astype(np.int64), np.asarray(rows["start"], dtype=np.int64)[found], ends

    def rows(self, values: Mapping[str, str], *, customers: NDArray[Any], where: str | None = None) -> dict[str, NDArray[Any]]:
        """Rows of the finest fact of some scalar SQL, of these customers: one array per name, and `customer` with their numbers.

        Args:
            values: Name -> scalar SQL over `dataset.field`s.
            customers: Keys in ascending order; rows of others are left out.
            where: Boolean SQL that the rows meet.
        Raises:
            NeedsPerson: The fields do not belong together (`roles_unfit`).
        """
        parsed = {name: sql.parse(text) for name, text in values.items()}
        test = sql.parse(where) if where else None
        used = [symbol for one in (*parsed.values(), *([test] if test is not None else [])) for symbol in sql.symbols(one)]
        source = self._fact([*used, self._customer_key])
        key = source.bind(sql.symbol(self._customer_key))
        bound = {name: source.bind(one) for name, one in parsed.items()}
        tests = [_known(key)]
        if test is not None:
            tests.append(exp.paren(source.bind(test)))
        select = source.select(tests).select(exp.alias_(key.copy(), "customer"), *(exp.alias_(one, name) for name, one in bound.items()))
        # In a stated order, so that sums of the same rows are the same figure each time.
        ordered = f"SELECT * FROM ({select.sql('duckdb')}) ORDER BY ALL"
        found = self._connection.execute(ordered).fetchnumpy()
        number, known = _numbers_of(np.ma.getdata(found["customer"]), customers)
        columns = {name: found[name][known] for name in values}
        return {**columns, "customer": number[known]}

    def signal_values(self, signals: Iterable[Signal], orders: Orders, day: int) -> Mapping[str, NDArray[np.float64]]:
        """Per signal, one value per customer of the orders as of the end of `day`; 0 for who has no row."""
        return {signal.name: self._signal(signal, orders, day) for signal in signals}

    def _signal(self, signal: Signal, orders: Orders, day: int) -> NDArray[np.float64]:
        expression = sql.parse(signal.expression)
        source = self._fact([*sql.symbols(expression), self._customer_key])
        key = source.bind(sql.symbol(self._customer_key))
        when = signal.time_field or self._time_of(source.fact)
        value = exp.cast(source.bind(expression), "DOUBLE")
        tests = [_known(key)]
        if when is not None:
            moment = exp.cast(source.bind(sql.symbol(when)), "DATE")
            tests.append(_until(moment, to_date(day)))
            if signal.window_days is not None:
                tests.append(exp.GT(this=moment.copy(), expression=sql.literal(to_date(day - signal.window_days))))
        select = source.select(tests)
        if signal.since_last_order and when is not None:
            since = exp.column("since", table=_LAST)
            select = select.join(exp.to_table(_LAST), on=exp.EQ(this=key.copy(), expression=exp.column("customer", table=_LAST)))
            select = select.where(exp.GTE(this=moment.copy(), expression=exp.cast(since, "DATE")))
        select = select.select(exp.alias_(key.copy(), "customer"), exp.alias_(value, "value")).group_by(key.copy())
        rows = self._rows(select.sql("duckdb"), _last_orders(orders, day) if signal.since_last_order else None)
        values = np.zeros(orders.n_customers)
        number, found = _numbers_of(np.ma.getdata(rows["customer"]), orders.customers)
        values[number[found]] = np.nan_to_num(np.asarray(np.ma.filled(rows["value"], 0.0), dtype=np.float64))[found]
        return values

    def _time_of(self, fact: str) -> str | None:
        """The date of a fact: its own, else that of the nearest dataset on the way to the customer (lines are dated by their order)."""
        path = self._scope.graph.path(fact, self._customer) or ()
        on_the_way = [fact, *(step.to_dataset for step in path if step.to_dataset != self._customer)]
        return next((found for name in on_the_way if (found := self._scope.time_of(name)) is not None), None)

    def _rows(self, statement: str, last_orders: Mapping[str, Any] | None) -> dict[str, Any]:
        if last_orders is None:
            return self._connection.execute(statement).fetchnumpy()
        self._connection.register(_LAST, last_orders)
        try:
            return self._connection.execute(statement).fetchnumpy()
        finally:
            self._connection.unregister(_LAST)

    def _fact(self, field_ids: Iterable[str]) -> Source:
        """The finest of the datasets of these fields, which reaches the others."""
        used = list(dict.fromkeys(field_id.split(".")[0] for field_id in field_ids))
        finest = [name for name in used if self._scope.graph.reaches_all(name, used)]
        if not finest:
            raise NeedsPerson(
                f"The fields of {', '.join(used)} do not belong together: none of them has one row of each of the others.",
                try_instead="Correct the roles, or add the relationship that is missing.",
                code="roles_unfit",
            )
        return Source(build=Build(scope=self._scope), fact=finest[0])

    def _source_name(self) -> str:
        source = self._scope.model.datasets[self._customer].source
        return f"({source})" if " " in source else ".".join(_quoted(part) for part in source.split("."))


def _numbers_of(keys: NDArray[Any], customers: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Position of each key among the (sorted) customers, and whether it is there."""
    position = np.minimum(np.searchsorted(customers, keys), len(customers) - 1)
    return position.astype(np.int64), np.asarray(customers[position] == keys, dtype=bool)


def _last_orders(orders: Orders, day: int) -> dict[str, Any]:
    known = orders.until(day)
    starts, counts = known.spans()
    last = known.day[starts + counts - 1].astype("datetime64[D]").astype("datetime64[us]")
    return {"customer": orders.customers[known.customer[starts]], "since": last}


def _known(value: exp.Expression) -> exp.Expression:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def _until(day: exp.Expression, last: dt.date) -> exp.Expression:
    return exp.LTE(this=day.copy(), expression=sql.literal(last))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
