"""recommendations: what customers are likely to buy next, what goes with what, and when they can be reached."""
