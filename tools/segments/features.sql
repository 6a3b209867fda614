-- Recency, frequency and spend per customer over the year up to a day, each cut into fifths.
-- Over: order_rows(customer, day, amount), days counted from 1970-01-01. Parameters: $as_of, $days.
-- Every tie is broken by the customer, so that the same data always gives the same fifths.
WITH known AS (
    SELECT customer, day, amount FROM order_rows WHERE day <= $as_of AND day > $as_of - $days
),
first_orders AS (
    SELECT customer, min(day) AS first_day FROM order_rows WHERE day <= $as_of GROUP BY customer
),
per_customer AS (
    SELECT customer, $as_of - max(day) AS days_since_last_order, count(*) AS n_orders, sum(amount) AS spend
    FROM known GROUP BY customer
)
SELECT
    customer,
    days_since_last_order,
    n_orders,
    spend,
    $as_of - first_day AS days_since_first_order,
    6 - ntile(5) OVER (ORDER BY days_since_last_order, customer) AS recency_score,
    ntile(5) OVER (ORDER BY n_orders, customer) AS frequency_score,
    ntile(5) OVER (ORDER BY spend, customer) AS monetary_score
FROM per_customer JOIN first_orders USING (customer)
ORDER BY customer
