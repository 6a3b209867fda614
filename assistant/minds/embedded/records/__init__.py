"""Questions about rows rather than figures: "names and ages of all captains whose rank is Midshipman, oldest first".

What is asked for are fields of an entity, one row each, with conditions and an order; or a count, or the average, highest, lowest of a
number, of all or for each of something. Such a question names hardly a figure of the model, but its fields. It is read strictly: a word
that no rule accounts for makes no reading at all, so that the readers of figures keep whatever is theirs.
"""

from assistant.minds.embedded.records.attributes import attributes_of
from assistant.minds.embedded.records.plan import query_of
from assistant.minds.embedded.records.read import read_scan

__all__ = ["attributes_of", "query_of", "read_scan"]
