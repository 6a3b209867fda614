# Ordinary analytics over the small shop: each must pass with open rights and keep its rows.
SELECT 1
SELECT count(*) FROM orders
SELECT region, count(*) AS n FROM customers GROUP BY region HAVING count(*) > 2 ORDER BY n DESC, 1 LIMIT 3
SELECT region r, count(*) FROM customers GROUP BY r ORDER BY count(*)
SELECT c.region, sum(o.amount) FROM orders o JOIN customers c ON c.customer_id = o.customer_id GROUP BY 1
SELECT c.region, sum(o.amount) FROM orders AS o LEFT JOIN customers AS c USING (customer_id) GROUP BY ALL ORDER BY ALL
SELECT * FROM customers NATURAL JOIN orders
SELECT customer_id FROM customers INTERSECT SELECT customer_id FROM orders
(SELECT region FROM customers) UNION ALL (SELECT city FROM customers) ORDER BY 1 LIMIT 2
WITH m AS (SELECT date_trunc('month', ordered_on) AS month, sum(amount) AS s FROM orders GROUP BY 1) SELECT month, s - lag(s) OVER (ORDER BY month) FROM m
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT x, y FROM a, b
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n
SELECT customer_id, amount, rank() OVER (PARTITION BY customer_id ORDER BY amount DESC) AS r FROM orders QUALIFY r = 1
SELECT sum(amount) OVER w FROM orders WINDOW w AS (PARTITION BY channel ORDER BY ordered_on ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)
SELECT CASE WHEN amount > 100 THEN 'big' ELSE 'small' END AS size, avg(amount), median(amount), stddev(amount) FROM orders GROUP BY size
SELECT strftime(ordered_on, '%Y-%m') AS m, count(DISTINCT customer_id) FROM orders GROUP BY m
SELECT extract(year FROM ordered_on), year(ordered_on), ordered_on + INTERVAL 1 MONTH, date_diff('day', ordered_on, DATE '2024-01-01') FROM orders
SELECT quantile_cont(amount, 0.9), percentile_cont(0.5) WITHIN GROUP (ORDER BY amount) FROM orders
SELECT string_agg(DISTINCT channel, ', ' ORDER BY channel), list(DISTINCT status) FROM orders
SELECT count(*) FILTER (WHERE status = 'paid') * 1.0 / count(*) FROM orders
SELECT customer_id FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id)
SELECT customer_id FROM customers WHERE customer_id NOT IN (SELECT customer_id FROM orders WHERE customer_id IS NOT NULL)
SELECT (SELECT max(amount) FROM orders o WHERE o.customer_id = c.customer_id) AS best FROM customers c
SELECT c.customer_id, x.total FROM customers c, LATERAL (SELECT sum(amount) AS total FROM orders o WHERE o.customer_id = c.customer_id) x
SELECT d.day, count(o.order_id) FROM generate_series(DATE '2024-01-01', DATE '2024-01-31', INTERVAL 1 DAY) d(day) LEFT JOIN orders o ON o.ordered_on = d.day GROUP BY 1
SELECT n FROM range(10) t(n)
SELECT unnest([1, 2, 3]) AS x
SELECT u.v FROM (SELECT list(amount) AS l FROM orders) t, unnest(t.l) u(v)
SELECT list_transform([1, 2], lambda x: x + 1), list_filter([1, 2], lambda x: x > 1)
SELECT * EXCLUDE (region) FROM customers
SELECT o.* EXCLUDE (amount), c.region FROM orders o JOIN customers c USING (customer_id)
SELECT * REPLACE (round(amount) AS amount) FROM orders
SELECT x.a FROM (SELECT amount, channel FROM orders) x(a, b)
SELECT channel, status, count(*) FROM orders GROUP BY ROLLUP (channel, status)
SELECT DISTINCT ON (customer_id) customer_id, amount FROM orders ORDER BY customer_id, amount DESC
SELECT coalesce(nullif(channel, 'web'), 'online'), greatest(1, 2), least(1, 2), round(amount, 1), amount::INTEGER, TRY_CAST(channel AS INTEGER) FROM orders
SELECT lower(channel) || '-' || upper(status), channel ILIKE '%e%', regexp_matches(status, '^p'), substr(channel, 1, 2), length(status), trim(status) FROM orders
SELECT arg_max(order_id, amount), approx_count_distinct(customer_id), mode(channel), any_value(status) FROM orders
SELECT corr(amount, order_id), regr_slope(amount, order_id) FROM orders
FROM orders SELECT channel, count(*) GROUP BY 1
SELECT lpad(CAST(order_id AS VARCHAR), 8, '0') FROM orders
SELECT 'it''s', 'SELECT; -- /* */ $x {y} #z', 'Zürich', '价格'
SELECT count(*) AS "Anzahl Käufe" FROM orders -- how many
SELECT count(*) AS orders, count(DISTINCT customer_id) AS buyers, sum(amount) AS revenue, avg(amount) AS mean FROM orders
SELECT min(ordered_on), max(ordered_on) FROM orders
SELECT ordered_on, sum(amount) FROM orders GROUP BY ordered_on ORDER BY ordered_on
SELECT date_trunc('week', ordered_on) AS week, count(*) FROM orders GROUP BY week ORDER BY week
SELECT date_trunc('quarter', ordered_on), sum(amount) FROM orders GROUP BY 1 ORDER BY 1
SELECT dayname(ordered_on) AS d, count(*) FROM orders GROUP BY d ORDER BY d
SELECT month(ordered_on), monthname(ordered_on), sum(amount) FROM orders GROUP BY ALL ORDER BY 1
SELECT dayofweek(ordered_on), isodow(ordered_on), dayofyear(ordered_on), weekofyear(ordered_on) FROM orders ORDER BY ALL
SELECT ordered_on - INTERVAL 7 DAY, ordered_on + 1, ordered_on - DATE '2023-01-01' FROM orders
SELECT datediff('month', DATE '2023-01-01', ordered_on), date_sub('day', DATE '2023-01-01', ordered_on) FROM orders
SELECT age(TIMESTAMP '2024-01-01', ordered_on::TIMESTAMP) FROM orders
SELECT last_day(ordered_on), make_date(2024, 1, 15), strptime('2024-01-15', '%Y-%m-%d') FROM orders
SELECT ordered_on BETWEEN DATE '2023-01-01' AND DATE '2023-12-31' AS in_year, count(*) FROM orders GROUP BY 1
SELECT time_bucket(INTERVAL 14 DAY, ordered_on) AS b, count(*) FROM orders GROUP BY b ORDER BY b
SELECT epoch(ordered_on::TIMESTAMP), to_timestamp(0) FROM orders
SELECT customer_id, sum(amount) AS spend FROM orders GROUP BY customer_id ORDER BY spend DESC, customer_id LIMIT 10
SELECT customer_id FROM orders GROUP BY customer_id HAVING count(*) > 3 ORDER BY 1
SELECT count(*) FROM (SELECT customer_id FROM orders GROUP BY customer_id HAVING count(*) > 3)
SELECT avg(n) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY 1) t
SELECT n, count(*) AS customers FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY 1) GROUP BY n ORDER BY n
SELECT segment, region, count(*) FROM customers GROUP BY segment, region ORDER BY 1, 2
SELECT segment, count(*) * 100.0 / sum(count(*)) OVER () AS share FROM customers GROUP BY segment ORDER BY segment
SELECT region, count(*) FILTER (WHERE marketing_consent) AS agreed, count(*) AS all_of_them FROM customers GROUP BY region ORDER BY region
SELECT region, sum(CASE WHEN segment = 'gold' THEN 1 ELSE 0 END) AS gold FROM customers GROUP BY region ORDER BY region
SELECT city FROM customers WHERE city LIKE 'P%' OR city ILIKE '%e' ORDER BY 1
SELECT DISTINCT city, region FROM customers ORDER BY region, city
SELECT city FROM customers WHERE region IN ('EMEA', 'APAC') AND segment <> 'gold' AND NOT marketing_consent ORDER BY city
SELECT c.city, count(o.order_id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.customer_id GROUP BY c.city ORDER BY 2 DESC, 1
SELECT c.segment, p.category, sum(l.quantity * l.price) AS s FROM order_lines l JOIN orders o USING (order_id) JOIN customers c USING (customer_id) JOIN products p USING (product_id) GROUP BY 1, 2 ORDER BY 1, 2
SELECT p.name, coalesce(sum(l.quantity), 0) FROM products p LEFT JOIN order_lines l ON l.product_id = p.product_id GROUP BY p.name ORDER BY 1
SELECT p.name FROM products p WHERE p.product_id NOT IN (SELECT product_id FROM order_lines) ORDER BY 1
SELECT a.name, b.name, count(*) FROM order_lines x JOIN order_lines y ON x.order_id = y.order_id AND x.product_id < y.product_id JOIN products a ON a.product_id = x.product_id JOIN products b ON b.product_id = y.product_id GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 5
SELECT customer_id FROM customers EXCEPT SELECT customer_id FROM tickets ORDER BY 1
SELECT customer_id FROM orders UNION SELECT customer_id FROM tickets ORDER BY customer_id
SELECT 'orders' AS what, count(*) FROM orders UNION ALL SELECT 'tickets', count(*) FROM tickets UNION ALL SELECT 'customers', count(*) FROM customers
SELECT topic, count(*) FROM tickets GROUP BY topic HAVING count(*) >= ALL (SELECT count(*) FROM tickets GROUP BY topic)
SELECT topic FROM tickets WHERE customer_id = ANY (SELECT customer_id FROM orders WHERE amount > 500) ORDER BY 1
SELECT * FROM orders WHERE amount = (SELECT max(amount) FROM orders)
SELECT * FROM orders WHERE amount > (SELECT avg(amount) FROM orders) ORDER BY order_id LIMIT 5 OFFSET 2
SELECT (SELECT count(*) FROM orders) - (SELECT count(*) FROM tickets) AS difference
SELECT c.customer_id FROM customers c WHERE (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) > 2 ORDER BY 1
SELECT c.customer_id FROM customers c WHERE EXISTS (SELECT * FROM tickets t WHERE t.customer_id = c.customer_id AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = t.customer_id)) ORDER BY 1
SELECT customers.region FROM customers WHERE customers.customer_id = 3
SELECT main.customers.region FROM main.customers WHERE main.customers.customer_id = 3
SELECT "region" AS "Where they live" FROM "customers" ORDER BY "Where they live"
select Region from CUSTOMERS order by REGION
SELECT o.*, c.region FROM orders o JOIN customers c ON c.customer_id = o.customer_id ORDER BY order_id LIMIT 3
SELECT t.* FROM (SELECT region, count(*) AS n FROM customers GROUP BY 1) AS t ORDER BY n, region
SELECT * FROM customers c JOIN orders o ON c.customer_id = o.customer_id JOIN order_lines l ON l.order_id = o.order_id ORDER BY l.order_id, l.product_id LIMIT 2
SELECT count(*) FROM customers a CROSS JOIN products b
SELECT count(*) FROM customers a, products b WHERE a.customer_id = b.product_id
SELECT count(*) FROM customers RIGHT JOIN orders USING (customer_id)
SELECT count(*) FROM customers FULL OUTER JOIN tickets USING (customer_id)
SELECT count(*) FROM customers SEMI JOIN orders USING (customer_id)
SELECT count(*) FROM customers ANTI JOIN orders USING (customer_id)
SELECT t.ticket_id, o.order_id FROM tickets t ASOF JOIN orders o ON t.customer_id = o.customer_id AND t.opened_on >= o.ordered_on ORDER BY 1
SELECT count(*) FROM (customers c JOIN orders o ON c.customer_id = o.customer_id)
SELECT customer_id, row_number() OVER (ORDER BY signup_date, customer_id) AS nr FROM customers ORDER BY nr LIMIT 4
SELECT customer_id, ntile(4) OVER (ORDER BY signup_date, customer_id) AS quartile FROM customers ORDER BY 1
SELECT ordered_on, sum(amount) OVER (ORDER BY ordered_on, order_id) AS running FROM orders ORDER BY ordered_on, order_id
SELECT month, s, s / lag(s) OVER (ORDER BY month) - 1 AS growth FROM (SELECT date_trunc('month', ordered_on) AS month, sum(amount) AS s FROM orders GROUP BY 1) ORDER BY month
SELECT channel, first_value(amount) OVER (PARTITION BY channel ORDER BY ordered_on, order_id) AS f FROM orders ORDER BY channel, f LIMIT 3
SELECT customer_id, amount, amount - avg(amount) OVER (PARTITION BY customer_id) AS d FROM orders ORDER BY order_id
SELECT percent_rank() OVER (ORDER BY amount), cume_dist() OVER (ORDER BY amount), dense_rank() OVER (ORDER BY channel) FROM orders ORDER BY ALL
SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY channel ORDER BY amount DESC, order_id) AS r FROM orders) WHERE r <= 2 ORDER BY channel, r
SELECT customer_id, max(ordered_on) AS last_order FROM orders GROUP BY 1 QUALIFY rank() OVER (ORDER BY last_order DESC) <= 3 ORDER BY 1
WITH f AS (SELECT customer_id, min(ordered_on) AS first_on FROM orders GROUP BY 1) SELECT date_trunc('month', f.first_on) AS cohort, date_diff('month', f.first_on, o.ordered_on) AS later, count(DISTINCT o.customer_id) FROM orders o JOIN f USING (customer_id) GROUP BY 1, 2 ORDER BY 1, 2
WITH a AS (SELECT customer_id, sum(amount) AS s FROM orders GROUP BY 1), b AS (SELECT *, ntile(5) OVER (ORDER BY s, customer_id) AS q FROM a) SELECT q, count(*), sum(s) FROM b GROUP BY q ORDER BY q
WITH a(x, y) AS (SELECT region, count(*) FROM customers GROUP BY 1) SELECT x, y FROM a WHERE y > 3 ORDER BY x
WITH a AS MATERIALIZED (SELECT 1 AS x) SELECT a1.x, a2.x FROM a a1 JOIN a a2 ON true
WITH a AS (WITH b AS (SELECT 2 AS y) SELECT y FROM b) SELECT * FROM a
WITH d AS (SELECT unnest(generate_series(DATE '2024-01-01', DATE '2024-01-05', INTERVAL 1 DAY)) AS day) SELECT d.day::DATE FROM d ORDER BY 1
SELECT round(sum(amount) / nullif(count(*), 0), 2) FROM orders
SELECT abs(-1), sign(-2), ceil(1.2), floor(1.8), trunc(1.9), mod(7, 3), 7 // 2, 7 % 2, 2 ** 3, power(2, 3), sqrt(9), exp(0), ln(1), log10(100), pi()
SELECT CAST('12' AS INTEGER), '3.5'::DOUBLE, TRY_CAST('x' AS INTEGER), CAST(1 AS VARCHAR), CAST('2024-01-01' AS DATE), 1::BOOLEAN
SELECT concat('a', 'b'), 'a' || 'b', concat_ws('-', 'a', 'b'), left('abc', 2), right('abc', 2), reverse('abc'), replace('abc', 'b', 'x'), repeat('ab', 3)
SELECT substring('abcdef', 2, 3), substring('abcdef' FROM 2 FOR 3), position('c' IN 'abc'), strpos('abc', 'c'), instr('abc', 'c'), length('abc')
SELECT trim('  a '), ltrim(' a'), rtrim('a '), trim(BOTH 'x' FROM 'xax'), upper('a'), lower('A')
SELECT split_part('a-b-c', '-', 2), string_split('a-b', '-'), starts_with('abc', 'a'), ends_with('abc', 'c'), contains('abc', 'b')
SELECT regexp_extract('order 42', '[0-9]+'), regexp_replace('aaa', 'a', 'b', 'g'), regexp_matches('abc', '^a'), 'abc' ~ 'a.c', 'abc' SIMILAR TO 'a.*'
SELECT levenshtein('kitten', 'sitting'), jaro_winkler_similarity('abc', 'abd'), md5('a'), ascii('a'), chr(65), unicode('a')
SELECT [1, 2, 3][1], [1, 2, 3][1:2], len([1, 2]), list_contains([1, 2], 1), list_sort([2, 1]), list_distinct([1, 1]), list_sum([1, 2]), array_to_string(['a', 'b'], ',')
SELECT list_aggregate_free FROM (SELECT list_max([1, 2]) AS list_aggregate_free)
SELECT if(1 > 0, 'a', 'b'), ifnull(NULL, 1), nullif(1, 1), CASE 1 WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END
SELECT 1 IS NULL, 1 IS NOT NULL, NULL IS DISTINCT FROM 1, 1 IS NOT DISTINCT FROM 1, true AND NOT false OR false, 1 BETWEEN 0 AND 2, 1 IN (1, 2)
SELECT (1, 'a') = (1, 'a'), (customer_id, region) IN (SELECT customer_id, region FROM customers) FROM customers ORDER BY 1
SELECT greatest(amount, 100), least(amount, 100) FROM orders ORDER BY ALL
SELECT bool_and(marketing_consent), bool_or(marketing_consent), count_if(marketing_consent) FROM customers
SELECT median(amount), quantile_disc(amount, 0.5), quantile_cont(amount, [0.25, 0.75]), mode(channel), var_pop(amount), stddev_pop(amount), skewness(amount), kurtosis(amount) FROM orders
SELECT arg_min(order_id, amount), max_by(order_id, amount), min_by(order_id, amount), covar_pop(amount, order_id), regr_r2(amount, order_id) FROM orders
SELECT first(channel ORDER BY order_id), last(channel ORDER BY order_id), list(channel ORDER BY order_id), array_agg(DISTINCT status ORDER BY status), group_concat(channel, '/') FROM (SELECT * FROM orders ORDER BY order_id)
SELECT product(quantity), bit_xor(quantity), sum(DISTINCT quantity), avg(DISTINCT quantity), count(DISTINCT quantity) FROM order_lines WHERE order_id < 4
SELECT channel, status, sum(amount), grouping(channel, status) FROM orders GROUP BY CUBE (channel, status) ORDER BY ALL
SELECT channel, status, sum(amount) FROM orders GROUP BY GROUPING SETS ((channel), (status), ()) ORDER BY ALL
SELECT json_extract_string('{"a": {"b": 1}}', '$.a.b'), '{"a": 1}'::JSON ->> 'a', json_array_length('[1, 2]')
SELECT x FROM (VALUES (1, 'a'), (2, 'b')) AS v(x, y) WHERE y = 'b'
SELECT i, i * i FROM range(1, 6) AS t(i)
SELECT i FROM generate_series(0, 10, 5) t(i)
SELECT generate_series AS g FROM generate_series(1, 3)
SELECT range FROM range(3)
SELECT count(*) FROM range(100000)
SELECT x.day, count(*) FROM (SELECT ordered_on AS day FROM orders) x GROUP BY x.day ORDER BY x.day
SELECT sum(s) FROM (SELECT sum(amount) AS s FROM orders GROUP BY channel UNION ALL SELECT 0)
SELECT amount AS a, a * 2 AS b, b + 1 AS c FROM orders WHERE a > 100 ORDER BY c, order_id
SELECT year(ordered_on) AS y FROM orders WHERE y = 2023 GROUP BY y HAVING y > 2000 ORDER BY y
SELECT customer_id % 3 AS bucket, count(*) FROM customers GROUP BY bucket ORDER BY bucket
SELECT DISTINCT region || '/' || segment AS label FROM customers ORDER BY label
SELECT t1.region, t2.region FROM customers t1 JOIN customers t2 ON t1.customer_id = t2.customer_id + 1 ORDER BY t1.customer_id
SELECT -amount, +amount, ~1, 1 & 3, 1 | 2, xor(1, 3), 1 << 2, 8 >> 1 FROM orders ORDER BY 1
SELECT channel, amount FROM orders ORDER BY channel DESC NULLS LAST, amount ASC NULLS FIRST, order_id LIMIT 3
SELECT * FROM orders ORDER BY 3 DESC, 1 FETCH FIRST 3 ROWS ONLY
SELECT count(*) FROM orders WHERE ordered_on >= CURRENT_DATE - INTERVAL 100 YEAR AND ordered_on < now()
SELECT region FROM customers LIMIT 0
((SELECT count(*) FROM orders))
