"""Data sources: each folder holds a build script, a semantic model and a policy."""
