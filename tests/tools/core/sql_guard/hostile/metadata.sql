# The catalogue: paths, definitions, statistics, other users' statements.
SELECT * FROM duckdb_databases()
SELECT path FROM duckdb_databases()
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_columns()
SELECT * FROM duckdb_views()
SELECT sql FROM duckdb_views()
SELECT * FROM duckdb_functions()
SELECT * FROM duckdb_constraints()
SELECT * FROM duckdb_indexes()
SELECT * FROM duckdb_schemas()
SELECT * FROM duckdb_sequences()
SELECT * FROM duckdb_types()
SELECT * FROM duckdb_variables()
SELECT * FROM duckdb_extensions()
SELECT * FROM duckdb_keywords()
SELECT * FROM duckdb_memory()
SELECT * FROM duckdb_temporary_files()
SELECT * FROM duckdb_dependencies()
SELECT * FROM duckdb_optimizers()
SELECT * FROM duckdb_prepared_statements()
SELECT * FROM duckdb_approx_database_count()
SELECT * FROM duckdb_external_file_cache()
SELECT * FROM duckdb_logs
SELECT * FROM duckdb_logs()
SELECT * FROM duckdb_log_contexts()
SELECT * FROM duckdb_tables
SELECT * FROM duckdb_columns
SELECT * FROM duckdb_views
SELECT * FROM pragma_database_list()
SELECT * FROM pragma_database_list
SELECT * FROM pragma_database_size()
SELECT * FROM pragma_table_info('customers')
SELECT * FROM pragma_show('customers')
SELECT * FROM pragma_metadata_info()
SELECT * FROM pragma_user_agent()
SELECT * FROM pragma_platform()
SELECT * FROM pragma_collations()
SELECT * FROM pragma_last_profiling_output()
SELECT * FROM information_schema.tables
SELECT * FROM information_schema.columns
SELECT table_name FROM information_schema.tables
SELECT * FROM information_schema.schemata
SELECT * FROM information_schema.character_sets
SELECT * FROM pg_catalog.pg_tables
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_catalog.pg_attribute
SELECT * FROM pg_tables
SELECT * FROM pg_views
SELECT * FROM pg_stats
SELECT * FROM pg_settings
SELECT * FROM pg_class
SELECT * FROM pg_proc
SELECT * FROM sqlite_master
SELECT sql FROM sqlite_master
SELECT * FROM sqlite_schema
SELECT * FROM sqlite_temp_master
SELECT * FROM temp.sqlite_master
SELECT * FROM system.information_schema.tables
SELECT * FROM people.information_schema.columns
SELECT 'customers'::regclass
SELECT 'main.customers'::regclass::oid
SELECT pg_get_viewdef('all_customers')
SELECT pg_get_expr('x', 1)
SELECT pg_table_size('customers')
SELECT obj_description(1)
SELECT col_description(1, 1)
SELECT has_table_privilege('customers', 'select')
SELECT format_type(1, 1)
SELECT to_regclass('customers')
SELECT pg_typeof(1)
SELECT typeof(1)
SELECT get_block_size('people')
SELECT count(*) FROM information_schema.tables WHERE table_name = 'app_users'
SELECT 1 WHERE EXISTS (SELECT 1 FROM duckdb_tables() WHERE table_name = 'app_users')
SELECT (SELECT max(sql) FROM duckdb_tables())
WITH i AS (SELECT * FROM information_schema.columns) SELECT count(*) FROM i
SELECT o.amount FROM orders o JOIN duckdb_columns() d ON true
SELECT stats(amount) FROM orders
