"""What every model of customers starts from: who ordered when for how much, and where a warehouse keeps that."""

from tools.core.customers.orders import Orders, day_number, to_date
from tools.core.customers.orders_csv import CsvColumns, CsvOrders, read_orders_csv

__all__ = ["CsvColumns", "CsvOrders", "Orders", "day_number", "read_orders_csv", "to_date"]
