"""The demo warehouse: a fictional retailer from a seeded generator, in which the right answers are planted."""
