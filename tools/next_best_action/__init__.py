"""next_best_action: what to do about which customer, measured by uplift, and what forbids it."""
