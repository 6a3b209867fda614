"""Sentences from findings."""
