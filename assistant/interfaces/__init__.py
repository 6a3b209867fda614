"""Where people ask."""
