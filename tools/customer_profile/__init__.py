"""customer_profile: one customer on one page, for those entitled to see individuals."""
