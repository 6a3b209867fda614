"""What can be computed about customers; usable without any mind."""
