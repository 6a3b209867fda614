# Names that stand for something else than they say.
WITH customers AS (SELECT 1 AS region) SELECT * FROM customers
WITH customers AS (SELECT * FROM customers) SELECT * FROM customers
WITH orders AS (SELECT * FROM customers) SELECT * FROM orders
WITH RECURSIVE customers AS (SELECT 1 AS customer_id UNION ALL SELECT customer_id + 1 FROM customers WHERE customer_id < 5) SELECT * FROM customers
WITH Customers AS (SELECT 1 AS region) SELECT * FROM Customers
WITH "customers" AS (SELECT 'EMEA' AS region, 1 AS customer_id) SELECT * FROM orders
WITH a AS (WITH customers AS (SELECT 'EMEA' AS region, 1 AS customer_id) SELECT * FROM orders) SELECT * FROM a
WITH app_users AS (SELECT 1 AS x) SELECT * FROM app_users
WITH main AS (SELECT 1) SELECT * FROM main
WITH information_schema AS (SELECT 1 AS x) SELECT * FROM information_schema
WITH sqlite_master AS (SELECT 1 AS x) SELECT * FROM sqlite_master
WITH products AS (SELECT region FROM customers) SELECT * FROM products
SELECT * FROM (SELECT 1 AS region) customers
SELECT * FROM (SELECT * FROM orders) AS customers
SELECT * FROM (SELECT * FROM orders) AS "Customers"
SELECT orders.region FROM customers AS orders
SELECT * FROM customers AS orders
SELECT customers.amount FROM orders AS customers
SELECT * FROM orders customers JOIN customers orders ON customers.customer_id = orders.customer_id
SELECT * FROM range(3) AS customers
SELECT * FROM range(3) customers(region)
SELECT * FROM unnest([1]) AS customers(region)
SELECT * FROM (VALUES (1)) AS customers(region)
SELECT * FROM orders o, LATERAL (SELECT 1) AS customers
SELECT 1 FROM orders AS main
SELECT 1 FROM orders AS temp
SELECT 1 FROM orders AS system
SELECT 1 FROM (SELECT 1) AS pg_catalog
SELECT 1 FROM orders AS __person
SELECT __person FROM orders AS __t
WITH __x AS (SELECT 1) SELECT * FROM __x
SELECT __person FROM customers
SELECT customers.__person FROM customers
SELECT count(DISTINCT __person) FROM orders
SELECT a.region FROM customers a, customers a
SELECT a.amount FROM customers a JOIN orders a ON true
WITH t AS (SELECT 1 AS x) SELECT * FROM t AS customers
SELECT email FROM (SELECT region AS phone FROM customers) c
SELECT email FROM orders o WHERE EXISTS (SELECT email FROM customers)
SELECT (SELECT email) FROM customers
SELECT (SELECT c) FROM customers c
SELECT (SELECT c.phone) FROM customers c
