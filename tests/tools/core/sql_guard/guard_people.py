"""A small fictional shop with personal data in it, and the canaries that must never come out."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path

import duckdb

POLICY = Path(__file__).with_name("people_policy.yaml")
REGIONS = ("EMEA", "APAC", "AMER")
CITIES = {"EMEA": ("Ghent", "Porto", "Turku"), "APAC": ("Perth", "Busan"), "AMER": ("Boise", "Lima")}
SCHEMA = """
CREATE TABLE customers (customer_id INTEGER, full_name VARCHAR, email VARCHAR, phone VARCHAR, gender VARCHAR, region VARCHAR, city VARCHAR,
    birth_date DATE, segment VARCHAR, signup_date DATE, marketing_consent BOOLEAN, password_hash VARCHAR);
CREATE TABLE orders (order_id INTEGER, customer_id INTEGER, ordered_on DATE, amount DECIMAL(10, 2), channel VARCHAR, status VARCHAR);
CREATE TABLE order_lines (order_id INTEGER, product_id INTEGER, quantity INTEGER, price DOUBLE);
CREATE TABLE products (product_id INTEGER, name VARCHAR, category VARCHAR);
CREATE TABLE tickets (ticket_id INTEGER, customer_id INTEGER, opened_on DATE, topic VARCHAR, body VARCHAR);
CREATE TABLE app_users (login VARCHAR, token VARCHAR);
"""


def build_people(path: Path, *, customers: int = 60, seed: int = 7) -> None:
    """Write the shop's DuckDB file; every personal text starts with "canary"."""
    draw = random.Random(seed)
    connection = duckdb.connect(str(path))
    connection.execute(SCHEMA)
    order_id = ticket_id = 0
    for customer_id in range(1, customers + 1):
        region = REGIONS[customer_id % 3]
        connection.execute(
            "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [customer_id, f"canary name {customer_id}", f"canary{customer_id}@example.com",
             f"canary-555-{customer_id:04d}", draw.choice("fmx"),
             region, draw.choice(CITIES[region]), dt.date(1950, 1, 1) + dt.timedelta(days=draw.randrange(18_000)),
             draw.choice(["gold", "silver", "bronze"]), dt.date(2020, 1, 1) + dt.timedelta(days=draw.randrange(1_000)), draw.random() < 0.6,
             f"canaryhash{customer_id}"],
        )  # fmt: skip
        for _ in range(draw.randrange(6)):
            order_id += 1
            connection.execute(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
                [order_id, customer_id, dt.date(2023, 1, 1) + dt.timedelta(days=draw.randrange(700)), round(draw.uniform(5, 900), 2),
                 draw.choice(["web", "shop", "phone"]), draw.choice(["paid", "returned", "open"])],
            )  # fmt: skip
            for _ in range(draw.randrange(1, 4)):
                line = [order_id, draw.randrange(1, 9), draw.randrange(1, 5), round(draw.uniform(1, 90), 2)]
                connection.execute("INSERT INTO order_lines VALUES (?, ?, ?, ?)", line)
        if draw.random() < 0.5:
            ticket_id += 1
            connection.execute(
                "INSERT INTO tickets VALUES (?, ?, ?, ?, ?)",
                [ticket_id, customer_id, dt.date(2024, 1, 1) + dt.timedelta(days=draw.randrange(300)),
                 draw.choice(["refund", "delivery", "praise"]),
                 f"canary words of customer {customer_id}"],
            )  # fmt: skip
    for product_id in range(1, 9):
        connection.execute(
            "INSERT INTO products VALUES (?, ?, ?)", [product_id, f"product {product_id}", draw.choice(["tea", "toys", "tools"])]
        )
    connection.execute("INSERT INTO app_users VALUES ('canary-admin', 'canary-token')")
    connection.execute("CREATE VIEW all_customers AS SELECT * FROM customers")
    connection.execute("CREATE MACRO peek() AS (SELECT max(email) FROM customers)")
    connection.execute("CHECKPOINT")
    connection.close()
