# SET, RESET and PRAGMA, and functions that read the session.
SET memory_limit = '100GB'
SET threads = 64
SET enable_external_access = true
SET lock_configuration = false
SET GLOBAL threads = 1
SET SESSION threads = 1
SET LOCAL threads = 1
SET temp_directory = '/tmp'
SET disabled_filesystems = ''
SET allowed_directories = ['/']
SET allow_unsigned_extensions = true
SET python_enable_replacements = true
SET custom_user_agent = 'x'
SET log_query_path = '/tmp/q.log'
SET TimeZone = 'UTC'
RESET memory_limit
RESET ALL
PRAGMA database_list
PRAGMA show_tables
PRAGMA show_tables_expanded
PRAGMA table_info('customers')
PRAGMA storage_info('customers')
PRAGMA database_size
PRAGMA version
PRAGMA platform
PRAGMA enable_profiling
PRAGMA enable_profiling = 'json'
PRAGMA profiling_output = '/tmp/x'
PRAGMA memory_limit = '100GB'
PRAGMA threads = 64
PRAGMA functions
PRAGMA user_agent
PRAGMA metadata_info
PRAGMA import_database('x')
PRAGMA json_execute_serialized_sql('{}')
PRAGMA enable_logging
PRAGMA disable_checkpoint_on_shutdown
CALL pragma_version()
CALL duckdb_settings()
CALL enable_logging()
CALL pragma_table_info('customers')
SELECT current_setting('memory_limit')
SELECT current_setting('temp_directory')
SELECT current_user
SELECT user
SELECT session_user
SELECT current_role
SELECT current_schema
SELECT current_schema()
SELECT current_schemas(true)
SELECT current_database()
SELECT current_catalog
SELECT current_query()
SELECT current_connection_id()
SELECT current_transaction_id()
SELECT txid_current()
SELECT version()
SELECT pg_postmaster_start_time()
SELECT in_search_path('main', 'main')
SELECT * FROM pragma_version()
