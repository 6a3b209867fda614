"""Who is likely not to come back, how far that can be trusted, and what moves it. See README.md."""
