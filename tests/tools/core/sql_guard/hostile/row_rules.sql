# As the manager of EMEA: attempts to reach rows of other regions. Lines that run (~) must answer as on a file that holds EMEA only.
~ SELECT count(*) FROM customers
~ SELECT region, count(*) FROM customers GROUP BY 1 ORDER BY 1
~ SELECT * FROM customers WHERE region = 'APAC'
~ SELECT customer_id FROM customers WHERE region <> 'EMEA' OR true
~ SELECT customer_id FROM customers WHERE true OR region = 'EMEA' ORDER BY 1
~ SELECT customer_id FROM customers WHERE NOT (region = 'EMEA')
~ SELECT max(customer_id) FROM customers
~ SELECT count(*) FROM main.customers
~ SELECT count(*) FROM "customers"
~ SELECT count(*) FROM CUSTOMERS AS x
~ SELECT count(*) FROM orders
~ SELECT sum(amount) FROM orders
~ SELECT count(*) FROM order_lines
~ SELECT sum(quantity * price) FROM order_lines
~ SELECT count(*), count(DISTINCT customer_id) FROM tickets
~ SELECT count(*) FROM orders o LEFT JOIN customers c USING (customer_id)
~ SELECT count(*) FROM orders o LEFT JOIN customers c USING (customer_id) WHERE c.customer_id IS NULL
~ SELECT count(*) FROM customers c RIGHT JOIN orders o USING (customer_id)
~ SELECT count(*) FROM customers c FULL JOIN orders o USING (customer_id)
~ SELECT count(*) FROM orders WHERE customer_id NOT IN (SELECT customer_id FROM customers)
~ SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM customers c WHERE c.customer_id = o.customer_id)
~ SELECT count(*) FROM orders ANTI JOIN customers USING (customer_id)
~ SELECT count(*) FROM customers a, customers b
~ SELECT count(*) FROM customers a JOIN customers b ON a.region <> b.region
~ SELECT region FROM customers UNION SELECT region FROM customers ORDER BY 1
~ SELECT customer_id FROM orders EXCEPT SELECT customer_id FROM customers
~ SELECT customer_id FROM customers INTERSECT SELECT customer_id FROM orders ORDER BY 1
~ WITH c AS (SELECT * FROM customers) SELECT count(*) FROM c
~ WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 70) SELECT count(*) FROM r JOIN customers ON customer_id = n
~ WITH ids AS (SELECT * FROM range(1, 61) t(n)) SELECT count(*) FROM ids JOIN customers ON customer_id = n
~ WITH ids AS (SELECT * FROM range(1, 61) t(n)) SELECT count(*) FROM ids LEFT JOIN customers ON customer_id = n WHERE region IS NOT NULL
~ SELECT (SELECT count(*) FROM customers)
~ SELECT (SELECT max(o.amount) FROM orders o WHERE o.customer_id = c.customer_id) AS m, c.customer_id FROM customers c ORDER BY 2
~ SELECT c.customer_id, x.n FROM customers c, LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.customer_id) x ORDER BY 1
~ SELECT c.customer_id, x.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o) x ON true ORDER BY 1
~ SELECT EXISTS (SELECT 1 FROM customers WHERE region = 'APAC')
~ SELECT 'APAC' IN (SELECT region FROM customers)
~ SELECT 'APAC' = ANY (SELECT region FROM customers)
~ SELECT true = ALL (SELECT region = 'EMEA' FROM customers)
~ SELECT count(*) FROM (SELECT * FROM customers LIMIT 100) t
~ SELECT count(*) FROM (SELECT region FROM customers ORDER BY region LIMIT 5) t WHERE region <> 'EMEA'
~ SELECT count(*) OVER () FROM customers LIMIT 1
~ SELECT first_value(region) OVER (ORDER BY region) FROM customers LIMIT 1
~ SELECT lag(customer_id) OVER (ORDER BY customer_id) FROM customers ORDER BY 1
~ SELECT customer_id, rank() OVER (ORDER BY signup_date, customer_id) FROM customers ORDER BY 1
~ SELECT percent_rank() OVER (ORDER BY customer_id) FROM customers ORDER BY 1
~ SELECT count(*) FROM customers GROUP BY ROLLUP (region) ORDER BY 1
~ SELECT region, city, count(*) FROM customers GROUP BY CUBE (region, city) ORDER BY ALL
~ SELECT count(*) FILTER (WHERE region <> 'EMEA') FROM customers
~ SELECT sum(CASE WHEN region = 'APAC' THEN 1 ELSE 0 END) FROM customers
~ SELECT list(DISTINCT region) FROM customers
~ SELECT string_agg(DISTINCT city, ',' ORDER BY city) FROM customers
~ SELECT approx_count_distinct(region) FROM customers
~ SELECT mode(region) FROM customers
~ SELECT min(signup_date), max(signup_date) FROM customers
~ SELECT quantile_disc(customer_id, [0, 0.5, 1]) FROM customers
~ SELECT city FROM customers GROUP BY city HAVING count(*) > 0 ORDER BY 1
~ SELECT count(*) FROM customers NATURAL JOIN orders
~ SELECT count(*) FROM orders NATURAL JOIN order_lines
~ SELECT count(*) FROM (customers c JOIN orders o ON c.customer_id = o.customer_id)
~ SELECT count(*) FROM customers c CROSS JOIN products p
~ SELECT p.category, sum(l.quantity) FROM products p LEFT JOIN order_lines l USING (product_id) GROUP BY 1 ORDER BY 1
~ SELECT count(*) FROM order_lines WHERE order_id NOT IN (SELECT order_id FROM orders)
~ SELECT count(*) FROM customers WHERE customer_id = 1
~ SELECT TRY_CAST(CASE WHEN region = 'APAC' THEN 'x' ELSE '1' END AS INTEGER) FROM customers
~ SELECT CAST(CASE WHEN region = 'APAC' THEN 'x' ELSE '1' END AS INTEGER) FROM customers
~ SELECT count(*) FROM customers WHERE CAST(CASE WHEN region = 'APAC' THEN 'x' ELSE '1' END AS INTEGER) = 1
~ SELECT count(*) FROM customers WHERE region = 'EMEA' AND CAST(CASE WHEN city = 'Perth' THEN 'x' ELSE '1' END AS INTEGER) = 1
~ SELECT count(*) FROM customers c JOIN orders o ON c.customer_id = o.customer_id AND CAST(CASE WHEN c.region = 'AMER' THEN 'x' ELSE '1' END AS INTEGER) = 1
~ SELECT count(*) FROM orders WHERE CAST(CASE WHEN customer_id = 1 THEN 'x' ELSE '1' END AS INTEGER) = 1
~ SELECT count(*) FROM orders WHERE CASE WHEN customer_id = 1 THEN 9223372036854775807 + order_id ELSE 1 END > 0
~ SELECT count(*) FROM order_lines WHERE CAST(CASE WHEN order_id % 2 = 7 THEN 'x' ELSE '1' END AS INTEGER) = 1
~ SELECT sum(CAST(CASE WHEN city = 'Lima' THEN 'x' ELSE '1' END AS INTEGER)) FROM customers
~ SELECT CAST(CASE WHEN city = 'Lima' THEN 'x' ELSE '1' END AS INTEGER) AS k, count(*) FROM customers GROUP BY 1
~ SELECT c.customer_id FROM customers c ORDER BY CAST(CASE WHEN city = 'Lima' THEN 'x' ELSE '1' END AS INTEGER), 1
~ SELECT (SELECT customer_id FROM customers WHERE region = 'APAC')
~ SELECT count(*) FROM customers WHERE customer_id > ALL (SELECT customer_id FROM customers WHERE region = 'AMER')
~ SELECT DISTINCT ON (region) region, city FROM customers ORDER BY region, city
~ SELECT unnest(list(region ORDER BY customer_id)) AS r FROM customers
~ SELECT u.r FROM (SELECT list(region) AS l FROM customers) t, unnest(t.l) u(r)
~ SELECT a.customer_id FROM customers a ASOF JOIN orders o ON a.customer_id = o.customer_id AND a.signup_date <= o.ordered_on ORDER BY 1
~ SELECT count(*) FROM customers a SEMI JOIN orders o ON a.customer_id = o.customer_id
~ (SELECT customer_id FROM customers ORDER BY 1 DESC LIMIT 1) UNION ALL (SELECT customer_id FROM customers ORDER BY 1 LIMIT 1)
~ FROM customers SELECT count(*)
~ FROM customers
~ TABLE customers
SELECT * FROM all_customers
SELECT * FROM query_table('customers')
SELECT * FROM people.main.customers
WITH customers AS (SELECT * FROM customers) SELECT count(*) FROM customers
WITH main AS (SELECT 1) SELECT count(*) FROM customers
WITH regions AS (SELECT 'APAC' AS region) SELECT customers.* FROM regions AS customers
SELECT count(*) FROM customers TABLESAMPLE 100 PERCENT
SELECT rowid FROM customers
SELECT max(rowid) FROM orders
SELECT * FROM duckdb_tables()
SELECT estimated_size FROM duckdb_tables()
SELECT stats(region) FROM customers
SELECT * FROM pragma_storage_info('customers')
PIVOT customers ON region USING count(*)
SUMMARIZE customers
SELECT region FROM customers /* */; SELECT region FROM customers
SELECT customers FROM customers
