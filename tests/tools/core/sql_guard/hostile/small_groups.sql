# As a business user, who sees groups of at least five people. Lines that run (~) must give no row.
SELECT customer_id FROM customers
SELECT region FROM customers
SELECT DISTINCT region, city FROM customers
SELECT * FROM customers
SELECT * FROM orders LIMIT 1
SELECT amount FROM orders ORDER BY amount DESC LIMIT 1
SELECT customer_id, count(*) FROM orders GROUP BY 1
SELECT customer_id, sum(amount) FROM orders GROUP BY customer_id ORDER BY 2 DESC LIMIT 1
SELECT order_id, sum(quantity * price) FROM order_lines GROUP BY 1
SELECT count(*) FROM customers WHERE customer_id = 5
SELECT count(*) FROM customers WHERE customer_id <> 5
SELECT count(*) FROM customers WHERE customer_id IN (1, 2, 3, 4, 5, 6)
SELECT count(*) FROM customers WHERE customer_id NOT IN (5)
SELECT count(*) FROM customers WHERE customer_id BETWEEN 1 AND 6
SELECT count(*) FROM customers WHERE customer_id % 10 <> 5
SELECT avg(amount) FROM orders WHERE customer_id > 5
SELECT sum(amount) FROM orders WHERE order_id <> 17
SELECT sum(amount) FROM orders WHERE NOT (customer_id = 5)
SELECT sum(amount) FROM orders o JOIN (SELECT 5 AS x) v ON o.customer_id = v.x
SELECT sum(amount) FROM orders o JOIN (VALUES (5)) v(x) ON o.customer_id <> v.x
SELECT sum(amount) FROM orders o LEFT JOIN (VALUES (5)) v(customer_id) USING (customer_id)
SELECT sum(amount) FROM orders NATURAL JOIN (SELECT 5 AS customer_id) v
SELECT sum(amount) FROM orders o SEMI JOIN (SELECT 5 AS x) v ON o.customer_id = v.x
SELECT sum(amount) FROM orders o ANTI JOIN (SELECT 5 AS x) v ON o.customer_id = v.x
SELECT sum(amount) FROM orders o, range(1, 2) r(n) WHERE o.customer_id = r.n
SELECT sum(amount) FROM orders WHERE EXISTS (SELECT 1 FROM (VALUES (5)) v(x) WHERE v.x = customer_id)
SELECT sum(CASE WHEN customer_id = 5 THEN amount ELSE 0 END) FROM orders
SELECT sum(CASE WHEN amount > 890 THEN amount END) FROM orders
SELECT sum(amount) FILTER (WHERE customer_id = 5) FROM orders
SELECT sum(amount) FILTER (WHERE status = 'open') FROM orders
SELECT count(*) FILTER (WHERE region = 'EMEA') FROM customers
SELECT count(CASE WHEN city = 'Ghent' THEN 1 END) FROM customers
SELECT count(nullif(city, 'Ghent')) FROM customers
SELECT sum(if(city = 'Ghent', 1, 0)) FROM customers
SELECT sum((city = 'Ghent')::INTEGER) FROM customers
SELECT sum(CAST(city = 'Ghent' AS INTEGER)) FROM customers
SELECT avg(customer_id = 5) FROM customers
SELECT count_if(city = 'Ghent') FROM customers
SELECT bool_or(city = 'Ghent') FROM customers
SELECT sum(amount * (1 - sign(abs(customer_id - 5)))) FROM orders
SELECT sum(amount * amount * amount * amount * amount * amount) FROM orders
SELECT sum(amount * customer_id) FROM orders
SELECT sum(customer_id) FROM customers
SELECT avg(customer_id) FROM customers
SELECT max(customer_id) FROM customers
SELECT max(amount) FROM orders
SELECT min(birth_date) FROM customers
SELECT min(signup_date), max(signup_date) FROM customers
SELECT median(amount) FROM orders
SELECT quantile_cont(amount, 0.99) FROM orders
SELECT percentile_disc(0) WITHIN GROUP (ORDER BY amount) FROM orders
SELECT mode(birth_date) FROM customers
SELECT first(birth_date) FROM customers
SELECT any_value(city) FROM customers
SELECT arg_max(birth_date, signup_date) FROM customers
SELECT list(birth_date) FROM customers
SELECT array_agg(amount) FROM orders
SELECT string_agg(city, ',') FROM customers
SELECT histogram(city) FROM customers
SELECT approx_count_distinct(city) FROM customers
SELECT product(amount) FROM orders
SELECT bit_xor(customer_id) FROM customers
SELECT entropy(city) FROM customers
SELECT kurtosis(amount) FROM orders
SELECT regr_slope(amount, customer_id) FROM orders
SELECT corr(amount, order_id) FROM orders
SELECT amount, count(*) OVER () FROM orders
SELECT sum(amount) OVER (PARTITION BY customer_id) FROM orders
SELECT row_number() OVER (ORDER BY amount) FROM orders
SELECT region, city, count(*) FROM customers GROUP BY ROLLUP (region, city)
SELECT region, city, count(*) FROM customers GROUP BY CUBE (region, city)
SELECT region, city, count(*) FROM customers GROUP BY GROUPING SETS ((region), (city), ())
SELECT (SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id) FROM customers c
SELECT avg((SELECT count(*) FROM orders o WHERE o.customer_id = c.customer_id)) FROM customers c
SELECT count(*) FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.customer_id AND o.amount > 880)
SELECT count(*) FROM customers c, LATERAL (SELECT c.birth_date AS b) x
SELECT count(*) FROM customers WHERE customer_id IN (SELECT customer_id FROM orders WHERE amount > 880)
SELECT count(*) FROM (SELECT * FROM customers LIMIT 1)
SELECT count(*) FROM (SELECT customer_id FROM orders WHERE amount > 880)
WITH one AS (SELECT customer_id FROM customers LIMIT 1) SELECT count(*) FROM one
WITH big AS (SELECT customer_id FROM orders GROUP BY 1 HAVING sum(amount) > 2000) SELECT count(*) FROM big
SELECT region FROM customers UNION SELECT city FROM customers
SELECT 1 WHERE EXISTS (SELECT 1 FROM customers WHERE city = 'Ghent')
SELECT 'Ghent' IN (SELECT city FROM customers)
SELECT count(*) FROM customers WHERE CAST(CASE WHEN city = 'Ghent' THEN 'x' ELSE '1' END AS INTEGER) = 1 AND city LIKE regexp_replace(city, 'x', 'y')
SELECT count(*) FROM customers WHERE segment = 1
SELECT count(*) FROM customers WHERE CASE WHEN city = 'Ghent' THEN segment ELSE '1' END = 1
SELECT count(*) FROM customers WHERE coalesce(segment, 1) = 1
SELECT count(*) FROM customers WHERE segment IN (1, 2)
SELECT count(*) FROM customers WHERE segment BETWEEN 1 AND 2
SELECT count(*) FROM orders WHERE CASE WHEN status = 'open' THEN chr(-1) ELSE 'x' END = 'x'
SELECT count(*) FROM orders WHERE sqrt(500 - amount) > 0
SELECT count(*) FROM orders WHERE ln(amount - 500) > 0
SELECT count(*) FROM orders WHERE strptime(status, '%Y') > '2020-01-01'
SELECT count(*) FROM orders WHERE date_part(status, ordered_on) > 1
SELECT count(*) FROM orders WHERE ordered_on + INTERVAL 99999999 YEAR > DATE '2020-01-01'
SELECT count(*) FROM orders WHERE make_date(2020, order_id, 1) > DATE '2020-01-01'
SELECT count(*) FROM orders WHERE repeat('x', 1000) > status
SELECT count(*) FROM orders WHERE (SELECT amount) > 5
SELECT count(*) FROM customers a JOIN customers b ON a.customer_id < b.customer_id
SELECT count(*) FROM customers c JOIN orders o ON c.customer_id = o.customer_id OR o.customer_id = 5
SELECT count(*) FROM customers c JOIN orders o ON NOT c.customer_id = o.customer_id
SELECT count(DISTINCT customer_id % 7) FROM customers
SELECT count(DISTINCT CASE WHEN city = 'Ghent' THEN customer_id END) FROM customers
SELECT count(DISTINCT (customer_id, city)) FROM customers
SELECT region, count(*) FROM customers GROUP BY region, customer_id
SELECT count(*) FROM customers GROUP BY customer_id % 2
SELECT count(*) FROM customers HAVING max(email) > 'a'
SELECT region, count(*) FROM customers GROUP BY 1 HAVING max(customer_id) = 60
SELECT region, count(*) FROM customers GROUP BY 1 ORDER BY max(birth_date)
SELECT region, count(*) FROM customers GROUP BY 1 QUALIFY max(customer_id) > 5
SELECT __person FROM customers
SELECT count(*) FROM customers GROUP BY __person
SELECT p.name, (SELECT count(*) FROM order_lines l WHERE l.product_id = p.product_id) FROM products p
SELECT count(*) FROM tickets GROUP BY ticket_id
SELECT body FROM tickets
SELECT topic FROM tickets WHERE ticket_id = 1
SELECT count(*) FROM customers c, (VALUES (c.customer_id)) v(k) WHERE v.k <> 5
SELECT count(*) FROM customers c, LATERAL (VALUES (c.customer_id)) v(k) WHERE v.k = 5 OR true
SELECT count(*) FROM customers c, (VALUES (c.segment)) v(k) WHERE v.k = 1
SELECT count(*) FROM customers c, unnest([c.segment]) u(k) WHERE u.k = 1
SELECT count(*) FROM customers c, range(c.customer_id, 6) r(k) WHERE r.k <> 5
SELECT y.x, count(*) FROM customers c, LATERAL ((SELECT 1 AS x UNION SELECT 2) ORDER BY c.segment + 1 LIMIT 1) y GROUP BY 1
SELECT y.x, count(*) FROM customers c, LATERAL ((SELECT 1 AS x) LIMIT length(c.city)) y GROUP BY 1
SELECT count(*) FROM (customers c JOIN orders o ON c.customer_id <> 5)
SELECT count(*) FROM (customers c JOIN orders o ON c.customer_id = o.customer_id AND sqrt(500 - o.amount) > 0)
SELECT count(*) FROM (customers c JOIN orders o ON c.customer_id = o.customer_id AND c.segment)
SELECT count(*), rank() OVER w FROM customers GROUP BY region WINDOW w AS (ORDER BY max(birth_date))
SELECT count(*) FROM customers WHERE segment
SELECT count(*) FROM customers WHERE NOT segment
SELECT count(*) FROM customers WHERE city = 'Ghent' AND segment
SELECT count(*) FROM customers WHERE segment IS TRUE
SELECT count(*) FROM customers WHERE (segment, city) = (1, 2)
SELECT count(*) FROM customers WHERE (segment, 1) IN ((1, 1))
SELECT count(*) FROM customers WHERE CASE WHEN segment THEN true ELSE false END
SELECT count(*) FROM customers WHERE if(segment, true, false)
SELECT count(*) FROM orders WHERE amount = 1.0000000000000000000000000000000000001
SELECT count(*) FROM orders WHERE strftime(ordered_on, status) = 'x'
SELECT count(*) FROM orders WHERE date_trunc(status, ordered_on) = DATE '2023-01-01'
SELECT count(*) FROM customers c JOIN (SELECT 1 AS segment) v USING (segment)
SELECT count(customer_id, city) FROM customers
SELECT sum(amount, 1) FROM orders
SELECT count(*) FROM orders WHERE amount = 'x'
SELECT count(*) FROM orders WHERE ordered_on > 'yesterday'
SELECT count(*) FROM customers WHERE marketing_consent = 'maybe'
SELECT count(*) FROM orders WHERE amount > (SELECT max(name) FROM products)
SELECT count(*) FROM orders o, (SELECT 'x' AS a, 1 AS b) v WHERE v.a = v.b
SELECT count(*) FROM orders o, (SELECT 'x' AS a) v WHERE v.a = 1
SELECT count(*) FROM orders WHERE ordered_on + INTERVAL 'x' DAY > DATE '2020-01-01'
~ SELECT sum(CAST('x' AS INTEGER)) FROM orders WHERE amount > 895
~ SELECT birth_date, count(*) FROM customers GROUP BY 1
~ SELECT signup_date, segment, city, count(*) FROM customers GROUP BY ALL
~ SELECT count(*) FROM customers WHERE birth_date = DATE '1985-06-03'
~ SELECT avg(amount) FROM orders WHERE ordered_on = DATE '2023-05-17'
~ SELECT count(*) FROM customers WHERE city = 'Ghent' AND segment = 'gold' AND marketing_consent AND year(signup_date) = 2020 AND month(signup_date) = 3
~ SELECT count(*) FROM customers WHERE false
~ SELECT count(*), sum(amount) FROM orders WHERE amount > 895
~ SELECT ordered_on, sum(amount) FROM orders GROUP BY 1 HAVING sum(amount) > 0
~ SELECT * FROM (SELECT birth_date AS b, count(*) AS n FROM customers GROUP BY 1) t
~ SELECT * FROM (SELECT birth_date AS b, count(*) AS n FROM customers GROUP BY 1) t WHERE CAST(CASE WHEN b > DATE '1900-01-01' THEN 'x' ELSE '1' END AS INTEGER) = 1
~ WITH t AS (SELECT signup_date AS d, count(*) AS n FROM customers GROUP BY 1) SELECT d, n FROM t ORDER BY n
~ SELECT birth_date, count(*) FROM customers GROUP BY 1 UNION ALL SELECT signup_date, count(*) FROM customers GROUP BY 1
~ SELECT c.birth_date, sum(o.amount) FROM customers c JOIN orders o ON c.customer_id = o.customer_id GROUP BY 1
~ SELECT count(*) FROM customers c JOIN orders o USING (customer_id) WHERE c.city = 'Ghent' AND o.amount > 890
