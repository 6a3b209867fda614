# Free SQL of someone who sees groups only: each must pass and keep its figures.
SELECT count(*) AS n FROM customers
SELECT region, count(*) AS n FROM customers GROUP BY 1 ORDER BY 1
SELECT channel, count(DISTINCT customer_id) AS buyers, round(avg(amount), 2) AS mean FROM orders GROUP BY channel ORDER BY channel
SELECT c.segment, sum(o.amount) AS s FROM orders o JOIN customers c ON c.customer_id = o.customer_id WHERE c.region IN ('EMEA', 'APAC') GROUP BY 1 ORDER BY 1
SELECT p.category, sum(l.quantity) AS q FROM order_lines l JOIN products p USING (product_id) GROUP BY ALL ORDER BY 1
SELECT year(ordered_on) AS y, quarter(ordered_on) AS q, sum(amount) AS s FROM orders WHERE ordered_on BETWEEN '2023-01-01' AND '2024-12-31' GROUP BY 1, 2 ORDER BY 1, 2
SELECT CASE WHEN amount >= 100 THEN 'big' ELSE 'small' END AS size, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1
SELECT region, count(*) AS n FROM customers GROUP BY 1 UNION ALL SELECT 'all', count(*) FROM customers ORDER BY 1
WITH r AS (SELECT region, count(*) AS n FROM customers GROUP BY 1) SELECT region, n * 100.0 / sum(n) OVER () AS share FROM r ORDER BY 1
SELECT count(*) AS n FROM orders WHERE amount > (SELECT avg(amount) FROM orders)
SELECT status, count(*) AS n FROM orders GROUP BY 1 HAVING sum(amount) > 1000 ORDER BY n DESC LIMIT 2
SELECT count(*), sum(p.product_id) FROM products p
SELECT name FROM products WHERE category = 'tea' ORDER BY 1
SELECT stddev(amount) AS sd, variance(amount) AS v FROM orders
