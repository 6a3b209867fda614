"""Measurements on the machine at hand, as ratios within one run wherever a ratio exists."""
