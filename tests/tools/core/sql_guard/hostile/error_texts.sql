# Errors made to carry a value, or to answer yes or no about one.
SELECT error(email) FROM customers
SELECT error('x')
SELECT error(region) FROM customers
SELECT CASE WHEN region = 'APAC' THEN error('yes') ELSE 'no' END FROM customers
SELECT CAST(email AS INTEGER) FROM customers
SELECT CAST(full_name AS DATE) FROM customers
SELECT email::UUID FROM customers
SELECT phone::DECIMAL(3, 1) FROM customers
SELECT strptime(email, '%Y') FROM customers
SELECT make_date(length(email), 99, 99) FROM customers
SELECT 1 / (SELECT count(*) FROM customers WHERE email = 'canary1@example.com')
SELECT chr(-length(email)) FROM customers
SELECT (SELECT email FROM customers)
SELECT cast(body AS INTEGER) FROM tickets
SELECT CAST((SELECT string_agg(email, ' ') FROM customers) AS INTEGER)
SELECT CAST(t AS INTEGER) FROM tickets t
SELECT getvariable(email) FROM customers
SELECT current_setting(email) FROM customers
SELECT json_extract(email, '$.x') FROM customers
SELECT json_transform(email, '{"a":1}') FROM customers
SELECT regexp_matches('x', email) FROM customers
SELECT list_extract([1], email) FROM customers
SELECT email + 1 FROM customers
SELECT - email FROM customers
SELECT enum_range(email) FROM customers
SELECT nextval(email) FROM customers
SELECT setseed(length(email)) FROM customers
SELECT date_trunc(email, signup_date) FROM customers
SELECT date_part(full_name, signup_date) FROM customers
SELECT timezone(email, signup_date) FROM customers
SELECT exp(length(email) * 1000) FROM customers
SELECT factorial(length(email) * 100) FROM customers
SELECT repeat('x', length(email)) FROM customers
SELECT lpad(region, length(email), 'x') FROM customers
SELECT array_extract([1], email) FROM customers
