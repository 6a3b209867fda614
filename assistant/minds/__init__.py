"""Ways of reading a question: each yields tool calls and never computes."""
