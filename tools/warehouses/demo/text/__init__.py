"""Customers' words, composed from slot grammars in `grammar_*.yaml`."""
