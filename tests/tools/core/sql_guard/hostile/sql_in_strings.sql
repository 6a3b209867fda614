# SQL that a parser of the outer text never sees.
SELECT * FROM query('SELECT email FROM customers')
SELECT * FROM query('SELECT 1')
SELECT * FROM query_table('customers')
SELECT * FROM query_table(['customers', 'orders'])
SELECT * FROM query_table('app_' || 'users')
SELECT * FROM query('SELECT ' || 'email' || ' FROM customers')
FROM query('FROM customers')
FROM query_table('customers') SELECT email
SELECT (SELECT max(email) FROM query_table('customers'))
WITH q AS (FROM query('FROM app_users')) SELECT * FROM q
SELECT * FROM orders o, query('SELECT 1') q
SELECT json_serialize_sql('SELECT * FROM customers')
SELECT json_deserialize_sql('{}')
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM customers'))
SELECT json_serialize_plan('SELECT * FROM customers')
SELECT * FROM json_execute_serialized_sql('{"error":false,"statements":[]}')
SELECT * FROM sql_auto_complete('SELECT ')
SELECT * FROM postgres_query('x', 'SELECT 1')
SELECT * FROM mysql_query('x', 'SELECT 1')
SELECT * FROM sqlite_query('x', 'SELECT 1')
SELECT eval('SELECT 1')
SELECT execute('SELECT 1')
SELECT * FROM parse_duckdb_log_message('QueryLog', 'x')
SELECT list_aggregate([1, 2], 'sum')
SELECT list_aggr([1, 2], 'sum')
SELECT array_aggregate([1], 'histogram')
SELECT apply([1], lambda x: getvariable('v'))
SELECT list_transform([1], lambda x: current_setting('threads'))
SELECT list_filter(['customers'], lambda t: exists(FROM query_table(t)))
SELECT $$SELECT 1$$
SELECT $tag$x$tag$
SELECT $1
SELECT ?
SELECT :name
SELECT @x
SELECT {{ email }} FROM customers
SELECT {'e': email} FROM customers
SELECT {'c': c} FROM customers c
EXECUTE IMMEDIATE 'SELECT email FROM customers'
SELECT * FROM IDENTIFIER('customers')
SELECT * FROM TABLE('customers')
TABLE app_users
TABLE main.app_users
DESCRIBE SELECT * FROM query('FROM customers')
