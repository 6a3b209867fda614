# Reading or listing files, by function, by name, by string, in any position.
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_csv_auto('/etc/passwd')
SELECT * FROM read_parquet('x.parquet')
SELECT * FROM read_json('x.json')
SELECT * FROM read_json_auto('x.json')
SELECT * FROM read_json_objects('x.json')
SELECT * FROM read_ndjson('x.ndjson')
SELECT * FROM read_ndjson_auto('x.ndjson')
SELECT * FROM read_text('/etc/hostname')
SELECT * FROM read_blob('/etc/hostname')
SELECT content FROM read_text('/proc/self/environ')
SELECT size FROM read_blob('/proc/self/cmdline')
SELECT * FROM sniff_csv('/etc/passwd')
SELECT * FROM glob('/home/*')
SELECT file FROM glob('/**')
SELECT * FROM parquet_scan('x.parquet')
SELECT * FROM parquet_metadata('x.parquet')
SELECT * FROM parquet_schema('x.parquet')
SELECT * FROM parquet_file_metadata('x.parquet')
SELECT * FROM parquet_kv_metadata('x.parquet')
SELECT * FROM parquet_bloom_probe('x.parquet', 'a', 1)
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM arrow_scan_dumb(1, 2, 3)
SELECT * FROM pandas_scan(1)
SELECT * FROM python_map_function(1)
SELECT * FROM iceberg_scan('x')
SELECT * FROM delta_scan('x')
SELECT * FROM sqlite_scan('x.db', 't')
SELECT * FROM postgres_scan('host=x', 'public', 't')
SELECT * FROM mysql_scan('x', 'y', 't')
SELECT * FROM st_read('x.shp')
SELECT * FROM read_xlsx('x.xlsx')
SELECT * FROM '/etc/passwd'
SELECT * FROM 'orders.csv'
SELECT * FROM "/etc/passwd"
SELECT * FROM "data/orders.parquet"
SELECT * FROM 'https://example.com/x.csv'
SELECT * FROM 's3://bucket/x.parquet'
SELECT * FROM ['/etc/passwd', '/etc/group']
SELECT (SELECT content FROM read_text('/etc/hostname'))
SELECT 1 WHERE EXISTS (SELECT 1 FROM read_text('/etc/hostname'))
SELECT CASE WHEN 1 = 1 THEN (SELECT max(content) FROM read_text('/etc/hostname')) END
SELECT region FROM customers WHERE region IN (SELECT content FROM read_text('/etc/hostname'))
SELECT o.amount FROM orders o JOIN read_csv('/etc/passwd') f ON true
SELECT o.amount FROM orders o, LATERAL (SELECT * FROM read_text(o.channel)) f
WITH f AS (SELECT * FROM read_text('/etc/hostname')) SELECT * FROM f
WITH f AS MATERIALIZED (SELECT * FROM read_blob('/etc/hostname')) SELECT count(*) FROM f
SELECT 1 UNION ALL SELECT count(*) FROM read_csv('/etc/passwd')
SELECT 1 EXCEPT SELECT size FROM read_blob('/etc/passwd')
SELECT amount FROM orders ORDER BY (SELECT count(*) FROM glob('*'))
SELECT amount FROM orders LIMIT (SELECT count(*) FROM glob('*'))
SELECT count(*) FROM orders GROUP BY (SELECT max(content) FROM read_text('x'))
SELECT sum(amount) OVER (PARTITION BY (SELECT max(file) FROM glob('*'))) FROM orders
SELECT read_text('/etc/hostname')
SELECT read_blob(channel) FROM orders
SELECT * FROM READ_CSV('/etc/passwd', columns={'a': 'VARCHAR'})
SELECT * FROM read_csv(['/etc/passwd'])
FROM read_text('/etc/hostname')
FROM read_csv('/etc/passwd') SELECT *
SELECT * FROM (FROM read_text('/etc/hostname'))
SELECT * FROM (SELECT * FROM read_text('/etc/hostname')) AS f(a, b, c, d)
SELECT getenv('HOME')
SELECT getenv('OPENAI_API_KEY') AS k
SELECT * FROM load_aws_credentials()
SELECT * FROM which_secret('s3://x', 's3')
SELECT * FROM duckdb_secrets()
SELECT file_exists('/etc/passwd')
SELECT parse_filename('/etc/passwd'), read_text('/etc/passwd')
SELECT * FROM query('SELECT * FROM read_text(''/etc/hostname'')')
SELECT * FROM seq_scan('customers')
SELECT * FROM test_all_types()
SELECT * FROM repeat_row(1, 2, num_rows=10)
SELECT * FROM repeat('x', 10)
SELECT * FROM summary((SELECT * FROM customers))
SELECT * FROM read_csv('/dev/stdin')
