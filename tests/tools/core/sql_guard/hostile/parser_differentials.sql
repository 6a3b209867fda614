# Texts that parsers read differently. \uXXXX stands for the character. A line that starts with ~ may run: it must show nothing that is closed.
SELECT `email` FROM customers
SELECT `region` FROM `customers`
SELECT x'41'
SELECT X'41'
SELECT b'01'
SELECT e'a'
SELECT E'\x41'
SELECT U&'\0041'
SELECT {#4 FROM customers
SELECT {# comment #} 1
SELECT {% if true %} 1 {% endif %}
SELECT {{ 1 }}
SELECT re\u200bgion FROM customers
SELECT\u200b1
\ufeffSELECT 1
SELECT 1\u00a0FROM orders
SELECT\u20281
SELECT\u20291
SELECT 1 \u2028 FROM orders
SELECT ｅｍａｉｌ FROM customers
SELECT re\u0261ion FROM customers
SELECT \u0435mail FROM customers
SELECT "re\u200bgion" FROM customers
SELECT "re\u202egion" FROM customers
SELECT "region\u0301" FROM customers
SELECT "\u0065\u200dmail" FROM customers
SELECT \u201cregion\u201d FROM customers
SELECT \u2018x\u2019
SELECT 1 \u2212 1
SELECT 1 \u00d7 2
SELECT 1 \u2260 2
SELECT ‐1
SELECT 1\u0000
SELECT 1\u0000; DROP TABLE orders
SELECT 'a\u0000b'
SELECT 'a\u0001b'
SELECT\u000b1
SELECT\u000c1
SELECT\u00851
SELECT 1\u001a
SELECT /* \u200b */ 1
SELECT 1 -- \u202e
SELECT /* /* nested */ 1
SELECT /* /* nested */ */ 1
SELECT /* open
SELECT 'open
SELECT "open FROM orders
SELECT 'a' 'b
SELECT 1 \ 2
SELECT a\b FROM orders
SELECT 'x' \ 'y'
SELECT @@version
SELECT @ -1
SELECT 1 ? 2
SELECT ~~~ 1 # x
SELECT interval email day FROM customers
~ SELECT interval region day FROM customers
~ SELECT nearest.amount FROM orders NEAREST JOIN customers ON true
SELECT * FROM orders o NEAREST JOIN customers c MATCH (o.order_id) ON true
SELECT apply([1], x -> x)
SELECT list_transform([1], x -> email) FROM customers
SELECT * FROM orders POSITIONAL JOIN products
SELECT TOP 5 * FROM orders
SELECT SQL_CALC_FOUND_ROWS * FROM orders
SELECT STRAIGHT_JOIN * FROM orders
SELECT /*+ hint */ * FROM app_users
SELECT * FROM orders FOR UPDATE
SELECT * FROM orders FOR SHARE
SELECT * FROM orders WITH (NOLOCK)
SELECT * FROM orders PREWHERE amount > 1
~ SELECT * FROM orders FINAL
SELECT * FROM ONLY orders
SELECT * FROM orders AS OF SYSTEM TIME '1'
SELECT * FROM orders FOR SYSTEM_TIME ALL
SELECT * FROM orders AT (VERSION => 1)
SELECT * FROM orders@primary
SELECT * FROM orders PARTITION (p)
SELECT * FROM orders FORMAT JSON
SELECT * FROM orders SETTINGS max_threads = 1
SELECT * FROM orders CLUSTER BY amount
SELECT * FROM orders DISTRIBUTE BY amount
SELECT * FROM orders SORT BY amount
SELECT * FROM orders CONNECT BY 1 = 1
SELECT * FROM orders START WITH 1 = 1 CONNECT BY PRIOR order_id = customer_id
SELECT * FROM orders MATCH_RECOGNIZE (PATTERN (a) DEFINE a AS true)
SELECT AS STRUCT 1
SELECT AS VALUE 1
SELECT * FROM orders CROSS APPLY (SELECT 1)
SELECT * FROM orders OUTER APPLY (SELECT 1)
SELECT * FROM orders LATERAL VIEW explode(x) t
SELECT * FROM orders, TABLE(f())
SELECT * FROM ROWS FROM (range(1))
SELECT * FROM range(2) WITH ORDINALITY
SELECT * FROM JSON_TABLE('x', '$' COLUMNS (a INT PATH '$'))
SELECT * FROM XMLTABLE('x' PASSING 1 COLUMNS a INT)
SELECT * FROM OPENJSON('x')
SELECT * FROM @stage
SELECT NEXT VALUE FOR q
SELECT PRIOR amount FROM orders
SELECT CURSOR(SELECT 1)
SELECT ROW(1, 2).f1
SELECT CAST(1 AS STRUCT(a INTEGER))
SELECT CAST('x' AS mood)
SELECT 'x'::main.mood
SELECT 1::"customers"
SELECT MAP {'a': 1}
SELECT UNION_VALUE(k := 1)
SELECT 1 OPERATOR(pg_catalog.+) 2
SELECT 1 COLLATE "../x"
SELECT (1, 2).*
SELECT email AS OF FROM customers
SELECT * FROM orders o WHERE (SELECT o) IS NOT NULL
SELECT orders.amount.email FROM orders
SELECT customers.email.region FROM customers
SELECT main.customers.email.x FROM customers
SELECT people.main.customers.email FROM customers
SELECT c.customers.email FROM customers c
