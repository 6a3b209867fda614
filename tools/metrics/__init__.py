"""Business figures from the semantic model, without any SQL by the caller."""
