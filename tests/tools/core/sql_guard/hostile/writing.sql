# Anything that changes data, schema, files or the catalogue, at the root or hidden in a CTE.
INSERT INTO orders VALUES (1, 1, NULL, 1, 'x', 'y')
INSERT INTO orders SELECT * FROM orders
INSERT INTO orders BY NAME SELECT 1 AS order_id
INSERT OR REPLACE INTO orders SELECT * FROM orders
UPDATE orders SET amount = 0
UPDATE customers SET region = 'EMEA' WHERE region = 'APAC'
DELETE FROM orders
DELETE FROM orders WHERE amount > 1 RETURNING *
TRUNCATE orders
TRUNCATE TABLE orders
MERGE INTO orders USING orders o2 ON true WHEN MATCHED THEN DELETE
DROP TABLE orders
DROP VIEW all_customers
DROP MACRO peek
DROP SCHEMA main CASCADE
ALTER TABLE orders ADD COLUMN x INTEGER
ALTER TABLE orders RENAME TO o
ALTER TABLE customers RENAME COLUMN email TO plain
COMMENT ON TABLE orders IS 'x'
CREATE TABLE t AS SELECT * FROM customers
CREATE OR REPLACE TABLE orders AS SELECT 1
CREATE TABLE t (a INTEGER)
CREATE INDEX i ON orders (order_id)
CREATE SCHEMA s
CREATE TYPE mood AS ENUM ('a')
CREATE SECRET s (TYPE s3)
CREATE SEQUENCE q
COPY orders TO 'x.csv'
COPY orders TO '/tmp/x.parquet' (FORMAT parquet)
COPY (SELECT * FROM customers) TO 'x.csv'
COPY (SELECT * FROM customers) TO '/dev/stdout'
COPY orders FROM 'x.csv'
COPY FROM DATABASE people TO memory
EXPORT DATABASE 'x'
EXPORT DATABASE 'x' (FORMAT parquet)
IMPORT DATABASE 'x'
WITH d AS (DELETE FROM orders RETURNING *) SELECT * FROM d
WITH d AS (INSERT INTO orders SELECT * FROM orders RETURNING 1) SELECT 1
WITH d AS (UPDATE orders SET amount = 0 RETURNING amount) SELECT sum(amount) FROM d
WITH c AS (COPY orders TO 'x.csv') SELECT 1
WITH a AS (SELECT 1) DELETE FROM orders
WITH a AS (SELECT 1) INSERT INTO orders SELECT 1, 1, NULL, 1, 'x', 'y'
WITH a AS (SELECT 1) UPDATE orders SET amount = 1
SELECT * FROM (DELETE FROM orders RETURNING *)
SELECT * INTO t FROM orders
SELECT amount INTO TEMP t FROM orders
SELECT 1; DROP TABLE orders
SELECT 1; DELETE FROM orders
SELECT 1; SELECT 2
SELECT 1;; SELECT 2
; SELECT 1; DROP TABLE orders
SELECT 1 /* x */; /* y */ DROP TABLE orders
SELECT 1; -- done\u000aDELETE FROM orders
CHECKPOINT
FORCE CHECKPOINT
VACUUM
VACUUM ANALYZE
ANALYZE
ANALYZE orders
INSTALL httpfs
INSTALL 'x.duckdb_extension'
FORCE INSTALL httpfs FROM community
LOAD httpfs
LOAD '/tmp/x.duckdb_extension'
UPDATE EXTENSIONS
SELECT nextval('q')
SELECT currval('q')
SELECT write_log('x')
SELECT * FROM write_log('x')
SELECT lo_import('/etc/passwd')
SELECT pg_read_file('/etc/passwd')
