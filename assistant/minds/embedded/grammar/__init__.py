"""From items to the slots of a plan: one module per shape of question, run in the order of `assemble.READERS`."""
