# The same kinds of attack on a grocer's schema, where demographics are protected and households are keys.
SELECT * FROM demographics
SELECT household_id FROM demographics
SELECT income_band FROM demographics
SELECT d.income_band, count(*) FROM demographics d GROUP BY 1
SELECT count(*) FROM baskets b JOIN demographics d USING (household_id) WHERE d.kids = '1'
SELECT count(*) FROM baskets WHERE household_id IN (SELECT household_id FROM demographics WHERE age_band = '45-54')
SELECT d FROM demographics d
SELECT COLUMNS('income.*') FROM demographics
SELECT sum(l.sales_value) FROM basket_lines l, demographics d
WITH d AS (FROM demographics) SELECT count(*) FROM d
SELECT household_id, count(*) FROM baskets GROUP BY 1
SELECT household_id FROM baskets LIMIT 1
SELECT basket_id, sum(sales_value) FROM basket_lines GROUP BY 1
SELECT sum(sales_value) FROM basket_lines WHERE basket_id = 31198445400
SELECT max(sales_value) FROM basket_lines
SELECT sum(sales_value) FROM basket_lines JOIN baskets USING (basket_id) WHERE household_id = 1068
SELECT sum(sales_value) FROM basket_lines JOIN baskets USING (basket_id) WHERE household_id <> 1068
SELECT count(*) FROM coupon_redemptions WHERE household_id = 1
SELECT redemption_id FROM coupon_redemptions
SELECT count(*) FROM campaign_targets WHERE household_id < 5
SELECT * FROM campaign_targets
SELECT b FROM baskets b
SELECT visited_at FROM baskets ORDER BY 1 LIMIT 1
SELECT first(household_id) FROM baskets
SELECT list(DISTINCT household_id) FROM baskets
SELECT * FROM read_duckdb('warehouse.duckdb', table_name='demographics')
ATTACH 'warehouse.duckdb' AS w
SELECT * FROM main.demographics
SELECT * FROM warehouse.main.baskets
SELECT * FROM duckdb_columns()
COPY baskets TO 'b.csv'
DELETE FROM baskets
WITH baskets AS (SELECT 1) SELECT * FROM baskets
SELECT 1; SELECT 2
SUMMARIZE demographics
DESCRIBE demographics
