# The open database reached by another door: by path, by twin, by catalogue name.
SELECT * FROM read_duckdb('people.duckdb', table_name='app_users')
SELECT * FROM read_duckdb('people.duckdb', table_name='customers')
SELECT email FROM read_duckdb('people.duckdb', table_name='customers')
SELECT * FROM read_duckdb(current_setting('path'), table_name='app_users')
SELECT * FROM read_blob((SELECT path FROM duckdb_databases() LIMIT 1))
SELECT * FROM read_blob('people.duckdb')
ATTACH 'people.duckdb' AS again
ATTACH 'people.duckdb' AS again (READ_ONLY)
ATTACH ':memory:' AS scratch
ATTACH IF NOT EXISTS 'people.duckdb' AS twin
ATTACH 'people.duckdb' AS again; SELECT * FROM again.customers
DETACH people
USE people
USE people.main
USE memory
SELECT * FROM people.main.customers
SELECT * FROM people.customers
SELECT * FROM people.main.app_users
SELECT * FROM again.main.customers
SELECT * FROM memory.main.customers
SELECT * FROM temp.main.customers
SELECT * FROM system.main.customers
SELECT * FROM "people"."main"."customers"
SELECT * FROM "main"."app_users"
SELECT * FROM main.app_users
SELECT * FROM app_users
SELECT token FROM app_users
SELECT count(*) FROM app_users
SELECT login FROM main."app_users" AS orders
SELECT 1 FROM APP_USERS
SELECT 1 WHERE EXISTS (SELECT 1 FROM app_users)
WITH a AS (FROM app_users) SELECT * FROM a
SELECT * FROM orders JOIN app_users ON true
SELECT (SELECT max(token) FROM app_users)
SELECT * FROM all_customers
SELECT email FROM all_customers
SELECT region, count(*) FROM all_customers GROUP BY 1
SELECT peek()
SELECT peek() FROM orders
SELECT main.peek()
SELECT * FROM orders WHERE channel = peek()
SELECT * FROM checkpoint('people')
SELECT * FROM force_checkpoint()
CONNECT 'people.duckdb'
SELECT * FROM postgres_attach('x')
SELECT * FROM sqlite_attach('people.duckdb')
