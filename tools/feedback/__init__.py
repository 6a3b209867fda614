"""What customers say: texts read, understood, searched and quoted, bound to the customers that a question selects."""
