"""Why a metric moved between two windows: exact contributions, and the cells that moved by themselves. See README.md."""
