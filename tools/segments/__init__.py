"""Groups of customers: RFM by rule, clusters by behaviour, conditions saved by name, and moves between them. See README.md."""
