"""Independent checks of the planted truths: each reads the finished warehouse and returns (estimate, standard error).

Nothing here knows how the generator works; the formulas are those that an analyst would use.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, gammaln

Estimate = tuple[float, float]
Floats = npt.NDArray[np.float64]


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
    return connection.execute(sql).fetchall()


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    (row,) = rows(connection, sql)
    return row


def proportion(hits: float, of: float) -> Estimate:
    p = hits / of
    return p, float(np.sqrt(max(p * (1 - p), 1e-9) / of))


def difference(a: Estimate, b: Estimate) -> Estimate:
    return a[0] - b[0], float(np.hypot(a[1], b[1]))


def ratio(a: Estimate, b: Estimate) -> Estimate:
    value = a[0] / b[0]
    return value, abs(value) * float(np.hypot(a[1] / a[0], b[1] / b[0]))


def bgnbd(connection: duckdb.DuckDBPyConnection) -> tuple[Floats, Floats]:
    """Maximum likelihood of the BG/NBD model (Fader, Hardie & Lee 2005, eq. 6) in weeks: r, alpha, a, b, and standard errors."""
    data = np.array(
        rows(
            connection,
            """SELECT count(*) - 1, epoch(max(ordered_at) - min(ordered_at)) / 604800.0,
                      epoch((SELECT CAST(max(day) + 1 AS TIMESTAMP) FROM core.calendar) - min(ordered_at)) / 604800.0
               FROM sales.orders WHERE customer_id IS NOT NULL GROUP BY customer_id""",
        ),
        dtype=np.float64,
    )
    x, last, total = data.T

    def loss(theta: Floats) -> float:
        r, alpha, a, b = np.exp(theta)
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        alive = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + total)
        dead = np.where(x > 0, betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b) - (r + x) * np.log(alpha + last), -np.inf)
        return -float(np.sum(common + np.logaddexp(alive, dead)))

    best = minimize(loss, np.log([1.0, 8.0, 1.0, 6.0]), method="L-BFGS-B")
    hessian = _hessian(loss, best.x)
    errors = np.sqrt(np.diag(np.linalg.inv(hessian)))
    return best.x, errors


def _hessian(loss: Any, at: Floats, step: float = 1e-3) -> Floats:
    n = len(at)
    found = np.zeros((n, n))
    eye = np.eye(n) * step
    for i in range(n):
        for j in range(n):
            found[i, j] = (
                loss(at + eye[i] + eye[j]) - loss(at + eye[i] - eye[j]) - loss(at - eye[i] + eye[j]) + loss(at - eye[i] - eye[j])
            ) / (4 * step**2)
    return found


def logistic_regression(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Coefficients (intercept last) and standard errors, by Newton's method."""
    design = np.column_stack([x, np.ones(len(x))])
    beta = np.zeros(design.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (p * (1 - p))[:, None])
        step = np.linalg.solve(information, design.T @ (y - p))
        beta = beta + step
        if np.abs(step).max() < 1e-8:
            break
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


DRIVERS = ("late_delivery", "unresolved_ticket", "detractor", "price_rise_seen", "loyalty_tier")

ORDER_FEATURES = """
WITH o AS (
    SELECT *, lead(ordered_on) OVER history AS next_on, row_number() OVER history AS position FROM sales.orders
    WHERE customer_id IS NOT NULL
    WINDOW history AS (PARTITION BY customer_id ORDER BY ordered_at)
), rises AS (
    SELECT DISTINCT l.order_id FROM sales.order_line AS l
    JOIN core.price_history AS h ON h.product_id = l.product_id AND h.channel = 'store' AND l.sold_on BETWEEN h.valid_from
    AND h.valid_from + 60
    WHERE h.list_price >= 1.045 * h.previous_price AND (h.valid_to IS NULL OR l.sold_on <= h.valid_to)
), unhappy AS (
    SELECT DISTINCT i.order_id FROM service.survey_response AS r JOIN service.survey_invite AS i USING (invite_id)
    WHERE r.survey_type = 'NPS' AND r.score <= 6
), stuck AS (
    SELECT DISTINCT order_id FROM service.ticket WHERE resolved_at IS NULL AND status = 'unresolved'
), late AS (
    SELECT DISTINCT order_id FROM sales.shipment WHERE delivered_on > promised_on
)
SELECT CAST(late.order_id IS NOT NULL AS INT), CAST(stuck.order_id IS NOT NULL AS INT), CAST(unhappy.order_id IS NOT NULL AS INT),
       CAST(rises.order_id IS NOT NULL AS INT), CAST(c.loyalty_tier <> 'none' AS INT),
       CAST(o.next_on IS NULL OR o.next_on > o.ordered_on + 180 AS INT)
FROM o JOIN core.customer AS c USING (customer_id)
LEFT JOIN late USING (order_id) LEFT JOIN stuck USING (order_id) LEFT JOIN unhappy USING (order_id) LEFT JOIN rises USING (order_id)
WHERE o.ordered_on <= (SELECT max(day) FROM core.calendar) - 181 AND position > 1
"""


def churn_drivers(connection: duckdb.DuckDBPyConnection) -> dict[str, Estimate]:
    """Log-odds that an order is followed by half a year of silence, by what happened around it."""
    data = np.array(rows(connection, ORDER_FEATURES), dtype=np.float64)
    beta, errors = logistic_regression(data[:, :-1], data[:, -1])
    return {name: (float(beta[i]), float(errors[i])) for i, name in enumerate(DRIVERS)}


def decoys(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> dict[str, Estimate]:
    """Log-odds that a customer has been silent for half a year, by traits that should not matter."""
    sql = f"""SELECT {", ".join(f"CAST({n} AS INT)" for n in names)},
                     CAST(max(ordered_on) <= (SELECT max(day) FROM core.calendar) - 180 AS INT)
              FROM core.customer JOIN sales.orders USING (customer_id)
              WHERE first_seen_on <= (SELECT max(day) FROM core.calendar) - 270 GROUP BY customer_id, {", ".join(names)}"""
    data = np.array(rows(connection, sql), dtype=np.float64)
    beta, errors = logistic_regression(data[:, :-1], data[:, -1])
    return {name: (float(beta[i]), float(errors[i])) for i, name in enumerate(names)}


def day_ratio(connection: duckdb.DuckDBPyConnection, chosen: str, others: str) -> Estimate:
    """Mean orders per day on the chosen days over the others."""
    sql = f"""WITH d AS (SELECT ordered_on AS day, count(*) AS n FROM sales.orders GROUP BY 1)
              SELECT avg(n) FILTER ({chosen}), stddev(n) FILTER ({chosen}) / sqrt(count(*) FILTER ({chosen})),
                     avg(n) FILTER ({others}), stddev(n) FILTER ({others}) / sqrt(count(*) FILTER ({others})) FROM d"""
    a, a_error, b, b_error = one(connection, sql)
    return ratio((a, a_error), (b, b_error))


def price_break(connection: duckdb.DuckDBPyConnection) -> tuple[str, Any, float]:
    """Category, day and size of the largest common step of list prices."""
    return one(
        connection,
        """WITH steps AS (
               SELECT p.category, h.valid_from, count(*) AS n, median(h.list_price / h.previous_price) - 1 AS size
               FROM core.price_history AS h JOIN core.product AS p USING (product_id)
               WHERE h.channel = 'store' AND h.previous_price IS NOT NULL GROUP BY ALL)
           SELECT category, valid_from, size FROM steps ORDER BY n DESC, valid_from LIMIT 1""",
    )


def units_change(connection: duckdb.DuckDBPyConnection, category: str, day: Any, *, span: int = 180) -> Estimate:
    """Relative change of a category's lines against those of all others, before and after a day.

    The error is robust to customers who buy often: a customer's lines are one observation.
    """
    own, after = f"p.category = '{category}'", f"sold_on >= DATE '{day}'"
    sql = f"""SELECT count(*) FILTER ({own} AND {after}), count(*) FILTER ({own} AND NOT {after}),
                     count(*) FILTER (NOT {own} AND {after}), count(*) FILTER (NOT {own} AND NOT {after})
              FROM sales.order_line AS l JOIN core.product AS p USING (product_id)
              WHERE sold_on BETWEEN DATE '{day}' - {span} AND DATE '{day}' + {span - 1} GROUP BY customer_id"""
    counts = np.array(rows(connection, sql), dtype=np.float64)
    totals = counts.sum(axis=0)
    change = totals[0] / totals[1] / (totals[2] / totals[3])
    influence = counts @ (np.array([1, -1, -1, 1]) / totals)
    return float(change) - 1, float(change * np.sqrt((influence**2).sum()))


def batch_rates(connection: duckdb.DuckDBPyConnection) -> list[tuple[int, int, int, int]]:
    """Per batch with at least 20 lines: product, batch, lines, returned lines."""
    return rows(
        connection,
        """SELECT l.product_id, l.batch_id, count(*), count(r.return_id)
           FROM sales.order_line AS l LEFT JOIN sales.return_line AS r USING (order_id, line_no) GROUP BY ALL HAVING count(*) >= 20""",
    )


def worst_batch(connection: duckdb.DuckDBPyConnection) -> tuple[int, Estimate, Estimate]:
    """The batch whose returns stand out most (in standard errors), its return rate, and that of the product's other batches."""
    batches = batch_rates(connection)
    overall = sum(b[3] for b in batches) / sum(b[2] for b in batches)

    def surprise(batch: tuple[int, int, int, int]) -> float:
        return float((batch[3] - batch[2] * overall) / np.sqrt(batch[2] * overall * (1 - overall)))

    worst = max(batches, key=surprise)
    same = [b for b in batches if b[0] == worst[0] and b[1] != worst[1]]
    others = same or [b for b in batches if b[1] != worst[1]]
    return worst[1], proportion(worst[3], worst[2]), proportion(sum(b[3] for b in others), sum(b[2] for b in others))


def rating_gap(connection: duckdb.DuckDBPyConnection, batch: int) -> Estimate:
    """Stars of one batch against the other batches of its product."""
    sql = f"""SELECT avg(rating) FILTER (l.batch_id = {batch}), stddev(rating) FILTER (l.batch_id = {batch}) / sqrt(count(*)
        FILTER (l.batch_id = {batch})),
                     avg(rating) FILTER (l.batch_id <> {batch}), stddev(rating) FILTER (l.batch_id <> {batch}) / sqrt(count(*)
                     FILTER (l.batch_id <> {batch}))
              FROM voice.review AS r JOIN sales.order_line AS l USING (order_id, line_no)
              WHERE l.product_id = (SELECT product_id FROM core.product_batch WHERE batch_id = {batch})"""
    a, a_error, b, b_error = one(connection, sql)
    return difference((a, a_error), (b, b_error))


def leak_ratio(connection: duckdb.DuckDBPyConnection, batch: int, regions: Sequence[str], from_day: Any) -> Estimate:
    """Leak tickets per sold line of the batch in these regions from a day on, over the same for the product's other batches."""
    listed = ", ".join(f"'{r}'" for r in regions)
    inside = f"l.batch_id = {batch} AND c.region IN ({listed}) AND l.sold_on >= DATE '{from_day}'"
    sql = f"""WITH leaks AS (SELECT DISTINCT order_id FROM service.ticket WHERE category = 'leak')
              SELECT count(*) FILTER ({inside}), count(k.order_id) FILTER ({inside}),
                     count(*) FILTER (l.batch_id <> {batch}), count(k.order_id) FILTER (l.batch_id <> {batch})
              FROM sales.order_line AS l JOIN core.customer AS c USING (customer_id) LEFT JOIN leaks AS k USING (order_id)
              WHERE l.product_id = (SELECT product_id FROM core.product_batch WHERE batch_id = {batch})
                AND l.sold_on <= (SELECT max(day) FROM core.calendar) - 30"""
    lines, leaks, other_lines, other_leaks = one(connection, sql)
    return ratio(proportion(leaks, lines), proportion(other_leaks, other_lines))


def lift(connection: duckdb.DuckDBPyConnection, campaign: str) -> Estimate:
    """Difference in means of the two arms."""
    found = {
        arm: proportion(hits, of)
        for arm, hits, of in rows(
            connection,
            f"""SELECT arm, count(*) FILTER (converted), count(*) FROM marketing.campaign_audience AS a
                JOIN marketing.campaign AS c USING (campaign_id)
                WHERE campaign_name = '{campaign}' GROUP BY arm""",
        )
    }
    return difference(found["treat"], found["control"])


def naive_lift(connection: duckdb.DuckDBPyConnection, campaign: str) -> Estimate:
    """Contacted customers against all other contactable ones: what a campaign without control group tempts one to compute."""
    sql = f"""WITH c AS (SELECT * FROM marketing.campaign WHERE campaign_name = '{campaign}'),
              agreed AS (SELECT customer_id FROM privacy.consent_event, c WHERE purpose = 'marketing' AND happened_on <= c.start_on
                         GROUP BY 1 HAVING arg_max(action, happened_at) = 'granted'),
              base AS (SELECT o.customer_id, min(o.ordered_on) <= any_value(c.start_on) - 14 AS known,
                              bool_or(o.ordered_on >= c.start_on AND o.ordered_on < c.start_on + c.outcome_days) AS converted
                       FROM sales.orders AS o, c WHERE o.customer_id IN (FROM agreed) GROUP BY 1)
              SELECT count(*) FILTER (a.customer_id IS NOT NULL AND base.converted), count(*) FILTER (a.customer_id IS NOT NULL),
                     count(*) FILTER (a.customer_id IS NULL AND base.converted), count(*) FILTER (a.customer_id IS NULL)
              FROM base LEFT JOIN (SELECT customer_id FROM marketing.campaign_audience JOIN c USING (campaign_id)) AS a USING (customer_id)
              WHERE known"""
    hits, of, other_hits, others = one(connection, sql)
    return difference(proportion(hits, of), proportion(other_hits, others))


def touch_shares(connection: duckdb.DuckDBPyConnection, campaign: str) -> dict[str, float]:
    """Last-touch share of each channel over the orders in a campaign's window."""
    sql = f"""WITH c AS (SELECT * FROM marketing.campaign WHERE campaign_name = '{campaign}'),
              last AS (SELECT o.order_id, arg_max(t.channel, t.touched_at) AS channel FROM sales.orders AS o
              JOIN c ON o.ordered_on BETWEEN c.start_on AND c.end_on
                       JOIN marketing.touchpoint AS t ON t.customer_id = o.customer_id AND t.touched_at <= o.ordered_at
                       AND t.touched_at > o.ordered_at - INTERVAL 30 DAY
                       GROUP BY 1)
              SELECT channel, count(*) / sum(count(*)) OVER () FROM last GROUP BY 1"""
    return {channel: float(share) for channel, share in rows(connection, sql)}


def completion(connection: duckdb.DuckDBPyConnection, device: str, inside: str) -> Estimate:
    """Share of visits that reached the payment page and bought."""
    sql = f"""SELECT count(*) FILTER (furthest_step = 'purchase'), count(*) FROM behaviour.web_session
              WHERE furthest_step IN ('payment', 'purchase') AND device = '{device}' AND NOT suspected_bot AND ({inside})"""
    return proportion(*one(connection, sql))


def walkout_rate(connection: duckdb.DuckDBPyConnection, inside: str) -> Estimate:
    visitors, transactions = one(connection, f"SELECT sum(visitors), sum(transactions) FROM core.store_traffic WHERE {inside}")
    return proportion(float(visitors - transactions), float(visitors))


def csat(connection: duckdb.DuckDBPyConnection, days: int = 180) -> dict[str, tuple[Estimate, Estimate]]:
    """Mean CSAT in the two last spans of days, by region and overall ("")."""
    sql = f"""SELECT coalesce(c.region, ''), i.sent_on > (SELECT max(day) FROM core.calendar) - {days} AS later,
                     avg(score), stddev(score) / sqrt(count(*))
              FROM service.survey_response AS r JOIN service.survey_invite AS i USING (invite_id)
              JOIN core.customer AS c ON c.customer_id = i.customer_id
              WHERE r.survey_type = 'CSAT' AND i.sent_on > (SELECT max(day) FROM core.calendar) - {2 * days}
              GROUP BY GROUPING SETS ((c.region, later), (later))"""
    found: dict[str, dict[bool, Estimate]] = {}
    for region, later, mean, error in rows(connection, sql):
        found.setdefault(region, {})[later] = (float(mean), float(error))
    return {region: (spans[False], spans[True]) for region, spans in found.items()}


TEXTS = """SELECT 'voice.review' AS source_table, review_id AS source_id, reviewed_on AS day FROM voice.review WHERE text IS NOT NULL
    UNION ALL SELECT 'voice.social_mention', mention_id, mentioned_on FROM voice.social_mention
    UNION ALL SELECT 'service.ticket_message', ticket_id, written_on FROM service.ticket_message WHERE seq = 1
    UNION ALL SELECT 'service.survey_response', invite_id, answered_on FROM service.survey_response WHERE comment IS NOT NULL
    UNION ALL SELECT 'service.call', call_id, called_on FROM service.call WHERE transcript IS NOT NULL
    UNION ALL SELECT 'service.chat', chat_id, chatted_on FROM service.chat WHERE transcript IS NOT NULL"""


def mention_rate(connection: duckdb.DuckDBPyConnection, inside: str) -> Estimate:
    """Competitor mentions per stored text, over days that pass a condition on `day`."""
    sql = f"""SELECT count(m.mention_id), count(*) FROM ({TEXTS}) AS texts
              LEFT JOIN voice.competitor_mention AS m USING (source_table, source_id) WHERE {inside}"""
    return proportion(*one(connection, sql))
