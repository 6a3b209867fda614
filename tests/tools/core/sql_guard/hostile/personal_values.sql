# Personal columns (closed to the three roles that run this): by name, and without naming them. A line that starts with ~ may run: it must show nothing that is closed.
SELECT email FROM customers
SELECT c.email FROM customers c
SELECT customers.email FROM customers
SELECT main.customers.email FROM customers
SELECT "email" FROM customers
SELECT "EMAIL" FROM customers
SELECT EmAiL FROM customers
SELECT phone, region FROM customers
SELECT full_name AS region FROM customers
SELECT password_hash FROM customers
SELECT region FROM customers WHERE email LIKE 'canary1%'
SELECT count(*) FROM customers WHERE phone IS NOT NULL
SELECT count(*) FROM customers WHERE length(full_name) > 10
SELECT count(*) FROM customers GROUP BY email
SELECT count(*) FROM customers GROUP BY substr(phone, 1, 8)
SELECT region, count(*) FROM customers GROUP BY 1 HAVING max(email) > 'canary3'
SELECT region FROM customers ORDER BY email
SELECT region FROM customers ORDER BY length(full_name), region
SELECT region, row_number() OVER (ORDER BY email) FROM customers
SELECT region, count(*) OVER (PARTITION BY phone) FROM customers
SELECT region FROM customers QUALIFY row_number() OVER (PARTITION BY region ORDER BY full_name) = 1
SELECT DISTINCT ON (email) region FROM customers
SELECT max(email) FROM customers
SELECT min(full_name), max(full_name) FROM customers
SELECT string_agg(email, ',') FROM customers
SELECT list(email) FROM customers
SELECT array_agg(phone ORDER BY phone) FROM customers
SELECT any_value(email) FROM customers
SELECT first(email) FROM customers
SELECT arg_max(email, signup_date) FROM customers
SELECT arg_min(region, email) FROM customers
SELECT mode(email) FROM customers
SELECT histogram(email) FROM customers
SELECT approx_top_k(email, 5) FROM customers
SELECT approx_count_distinct(email) FROM customers
SELECT count(DISTINCT email) FROM customers
SELECT count(email) FROM customers
SELECT count(*) FILTER (WHERE email LIKE '%1%') FROM customers
SELECT sum(length(email)) FROM customers
SELECT upper(email) FROM customers
SELECT customers.email.upper() FROM customers
SELECT c.email.upper() FROM customers c
SELECT email.upper() FROM customers
SELECT (email).upper() FROM customers
SELECT md5(email) FROM customers
SELECT hash(phone) FROM customers
SELECT hash(c) FROM customers c
SELECT md5(c::VARCHAR) FROM customers c
SELECT email[1] FROM customers
SELECT email[1:3] FROM customers
SELECT CAST(email AS INTEGER) FROM customers
SELECT TRY_CAST(phone AS INTEGER) FROM customers
SELECT email::DATE FROM customers
SELECT coalesce(email, 'x') FROM customers
SELECT CASE WHEN email = 'canary1@example.com' THEN 1 ELSE 0 END FROM customers
SELECT region || email FROM customers
SELECT concat_ws(',', region, phone) FROM customers
SELECT levenshtein(email, 'canary1@example.com') FROM customers
SELECT regexp_extract(phone, '[0-9]+') FROM customers
SELECT email IS NULL FROM customers
SELECT email = phone FROM customers
SELECT email IN ('canary1@example.com') FROM customers
SELECT 'canary1@example.com' IN (SELECT email FROM customers)
SELECT EXISTS (SELECT 1 FROM customers WHERE email = 'canary1@example.com')
SELECT 1 WHERE 'canary1@example.com' = ANY (SELECT email FROM customers)
SELECT * FROM (SELECT email FROM customers)
SELECT x FROM (SELECT email AS x FROM customers)
SELECT x FROM (SELECT email FROM customers) t(x)
WITH t AS (SELECT email FROM customers) SELECT * FROM t
WITH t(x) AS (SELECT email FROM customers) SELECT x FROM t
WITH t AS NOT MATERIALIZED (SELECT phone AS p FROM customers) SELECT p FROM t
SELECT o.amount FROM orders o JOIN customers c ON c.email = o.channel
SELECT o.amount FROM orders o JOIN customers c USING (customer_id) WHERE c.email > 'm'
SELECT a.region FROM customers a JOIN customers b ON a.email = b.phone
SELECT a.region FROM customers a JOIN customers b USING (email)
SELECT (SELECT email FROM customers c WHERE c.customer_id = o.customer_id) FROM orders o
SELECT o.amount FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.customer_id = o.customer_id AND c.email LIKE 'c%')
SELECT t.e FROM customers c, LATERAL (SELECT c.email AS e) t
SELECT t.e FROM customers c, (SELECT c.email AS e) t
SELECT unnest([email, phone]) FROM customers
SELECT u.x FROM customers c, unnest([c.email]) u(x)
SELECT region FROM customers UNION SELECT email FROM customers
SELECT region FROM customers UNION ALL SELECT phone FROM customers
SELECT email FROM customers EXCEPT SELECT 'a'
SELECT region FROM customers INTERSECT SELECT full_name FROM customers
(SELECT email FROM customers)
((SELECT email FROM customers) UNION (SELECT phone FROM customers))
VALUES ((SELECT max(email) FROM customers))
SELECT * FROM (VALUES ((SELECT max(email) FROM customers))) v(x)
SELECT c FROM customers c
SELECT customers FROM customers
SELECT c, region FROM customers c
SELECT (c) FROM customers c
SELECT c::VARCHAR FROM customers c
SELECT CAST(customers AS VARCHAR) FROM customers
SELECT to_json(c) FROM customers c
SELECT json(c) FROM customers c
SELECT row_to_json(c) FROM customers c
SELECT json_object('x', c) FROM customers c
SELECT list(c) FROM customers c
SELECT max(c) FROM customers c
SELECT count(DISTINCT c) FROM customers c
SELECT c = c FROM customers c
SELECT c IS NULL FROM customers c
SELECT region FROM customers c ORDER BY c
SELECT count(*) FROM customers c GROUP BY c
SELECT struct_extract(c, 'email') FROM customers c
SELECT struct_extract(c, 3) FROM customers c
SELECT c['email'] FROM customers c
SELECT c.* FROM (SELECT c FROM customers c) c
SELECT unnest(c) FROM customers c
SELECT unnest(c, recursive := true) FROM customers c
SELECT row(c.*) FROM customers c
SELECT struct_pack(e := email) FROM customers
SELECT map(['e'], [email]) FROM customers
SELECT COLUMNS(*) FROM customers
SELECT COLUMNS('em.*') FROM customers
SELECT COLUMNS(c.*) FROM customers c
SELECT COLUMNS(['email']) FROM customers
SELECT COLUMNS(x -> x LIKE 'em%') FROM customers
SELECT COLUMNS(lambda x: x LIKE 'em%') FROM customers
SELECT min(COLUMNS(*)) FROM customers
SELECT max(COLUMNS('e.*')) FROM customers
SELECT region FROM customers WHERE COLUMNS(*) IS NOT NULL
SELECT *COLUMNS('em.*') FROM customers
SELECT coalesce(*COLUMNS(*)) FROM customers
SELECT * LIKE 'em%' FROM customers
SELECT * NOT LIKE 'reg%' FROM customers
SELECT * ILIKE 'EM%' FROM customers
SELECT * SIMILAR TO 'em.*' FROM customers
SELECT * GLOB 'em*' FROM customers
SELECT * EXCLUDE (region) REPLACE (email AS city) FROM customers
SELECT * REPLACE (upper(email) AS region) FROM customers
SELECT * RENAME (email AS city) FROM customers
SELECT * EXCLUDE (email) FROM customers
SELECT #1 FROM customers
SELECT #3 FROM customers
SELECT region FROM customers ORDER BY #3
SELECT count(*) FROM customers GROUP BY #2
SELECT d FROM customers t(a, b, d)
SELECT t.c FROM customers AS t(a, b, c)
SELECT x FROM customers c(x)
WITH t(a, b, c, d, e, f, g, h, i, j, k) AS (SELECT * FROM customers) SELECT b FROM t
SELECT b FROM (SELECT * FROM customers) t(a, b, c, d, e, f, g, h, i)
SELECT region FROM customers UNION BY NAME SELECT email AS region FROM customers
SELECT * FROM customers UNION ALL BY NAME SELECT 1 AS email
FROM customers SELECT email
FROM customers c SELECT c.phone
~ SELECT email: region FROM customers WHERE email = 'x'
SELECT e: email FROM customers
SELECT rowid FROM customers
SELECT customers.rowid FROM customers
SELECT max(rowid) FROM customers
PIVOT customers ON email USING count(*)
PIVOT (SELECT region, email FROM customers) ON region USING max(email)
SELECT * FROM (PIVOT customers ON region USING max(email))
SELECT * FROM customers PIVOT (max(email) FOR region IN ('EMEA', 'APAC'))
UNPIVOT customers ON email, phone INTO NAME n VALUE v
SELECT * FROM customers UNPIVOT (v FOR n IN (email, phone))
UNPIVOT customers ON COLUMNS(*) INTO NAME n VALUE v
SUMMARIZE customers
SUMMARIZE SELECT email FROM customers
SELECT * FROM (SUMMARIZE customers)
DESCRIBE customers
SELECT stats(email) FROM customers
SELECT * FROM histogram(customers, email)
SELECT * FROM histogram_values(customers, email)
SELECT * FROM pragma_storage_info('customers')
SELECT * FROM storage_info('customers')
SELECT gender FROM customers
SELECT body FROM tickets
SELECT t.body FROM tickets t
SELECT count(*) FROM tickets WHERE body LIKE '%refund%'
SELECT topic FROM tickets ORDER BY body
SELECT t FROM tickets t
SELECT region FROM customers TABLESAMPLE 1 ROWS ORDER BY email
SELECT email FROM customers USING SAMPLE 1
SELECT * FROM customers AS OF '2020-01-01'
SELECT alias(email) FROM customers
SELECT typeof(email) FROM customers
SELECT vector_type(email) FROM customers
SELECT bar(length(email), 0, 100) FROM customers
SELECT format('{}', email) FROM customers
SELECT printf('%s', email) FROM customers
SELECT list_transform([1], lambda x: email) FROM customers
SELECT list_filter(['a'], lambda x: x < email) FROM customers
SELECT list_reduce(['a', 'b'], lambda x, y: x || email) FROM customers
SELECT [x || email for x in ['a']] FROM customers
SELECT region FROM customers GROUP BY ALL ORDER BY max(email)
SELECT sum(1) OVER w FROM customers WINDOW w AS (ORDER BY email)
SELECT lag(email) OVER (ORDER BY signup_date) FROM customers
SELECT first_value(phone) OVER (ORDER BY signup_date) FROM customers
SELECT region FROM customers LIMIT (SELECT length(max(email)) FROM customers)
SELECT region FROM customers OFFSET (SELECT length(min(email)) FROM customers)
SELECT a.region FROM customers a ASOF JOIN customers b ON a.email >= b.email
SELECT a.region FROM customers a POSITIONAL JOIN customers b WHERE b.email = 'x'
SELECT region FROM customers a SEMI JOIN (SELECT email FROM customers) b ON a.region = b.email
