"""What is no question for this mind: nothing, too much, not text, not English, an order to change data, or small talk."""

from __future__ import annotations

import re
import unicodedata

from assistant.minds.embedded.inflection import is_plural
from assistant.minds.embedded.tokens import Token
from assistant.minds.embedded.wordlists import filler_words, grammar_words, word_set
from assistant.turn import Decline

MAX_CHARACTERS = 4_000

_WRITE_VERBS = word_set("delete drop insert update truncate alter create overwrite erase remove modify edit grant revoke write")
_EDITING_VERBS = word_set("drop remove")
"""In a conversation they take a part of the plan away ("drop the split"), unless something that is stored follows."""
_WRITE_OBJECTS = frozenset(
    ["table", "tables", "database", "row", "rows", "record", "records", "column", "columns", "schema", "all", "everything", "data"]
)
_ACTIONS = frozenset(
    ["send", "email", "notify", "remind", "schedule", "invite", "refund", "charge", "post", "publish", "mail", "text", "phone"]
)
_BEFORE_OBJECTS = word_set("the a an our my all these those them him her everyone everybody each every any this that out to me us")
_SMALL_TALK = word_set(
    "hello hi hey thanks thank bye goodbye morning afternoon evening good you how are there yo cheers nice day great today "
    "was that very much so"
)
_ABOUT_SELF = re.compile(
    r"^\s*(who|what) are you\b|^\s*help\s*\??$|what can (i|you) (ask|do|answer)|tell me a joke|write (me )?a (poem|story|song)", re.I
)


def refuse_text(text: str) -> Decline | None:
    """Faults of the text itself, before it is cut into tokens."""
    if not text.strip():
        return Decline(code="empty", message="There is no question. Ask something like the examples below.")
    if len(text) > MAX_CHARACTERS:
        return Decline(
            code="too_long",
            message=f"The question has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read. Ask it in a sentence or two.",
        )
    control = sum(1 for c in text if unicodedata.category(c) in ("Cc", "Cn", "Co", "Cs") and c not in "\n\r\t")
    if control > 0.02 * len(text) + 1 or "\x00" in text:
        return Decline(code="not_a_question", message="This is not readable text. Type the question in plain words.")
    letters = [c for c in text if c.isalpha()]
    foreign = [c for c in letters if not unicodedata.name(c, "").startswith("LATIN")]
    if letters and len(foreign) > 0.3 * len(letters):
        return Decline(code="language", message="I read English only. Ask the question in English.")
    return None


def _has_object(word: str) -> bool:
    """Whether the word begins what an order acts on ("email *the* ...", "send *a* ..."): "email open rate" is a figure."""
    return word in _BEFORE_OBJECTS or is_plural(word)


def refuse_tokens(text: str, tokens: tuple[Token, ...], known_words: int, *, in_thread: bool = False) -> Decline | None:
    """Orders, small talk and other languages.

    Args:
        known_words: How many of the words the model or the value index knows.
        in_thread: Whether a figure was shown before, of which a part may be taken away.
    """
    words = [t.text for t in tokens if t.kind == "word"]
    if not words:
        return Decline(code="not_a_question", message="There is no word in this that I can read. Type the question in plain words.")
    chat = not known_words and len(words) <= 8 and not any(t.kind == "number" for t in tokens)
    if _ABOUT_SELF.search(text) or (chat and all(w in _SMALL_TALK | filler_words() for w in words)):
        return Decline(code="not_a_question", message="I answer questions about this data. Here are some that I can answer.")
    edits = in_thread and words[0] in _EDITING_VERBS and not _WRITE_OBJECTS & set(words)
    if (words[0] in _WRITE_VERBS and not edits and (known_words or _WRITE_OBJECTS & set(words))) or _is_sql(text):
        return Decline(
            code="write_request",
            message="I only read data: nothing can be changed, deleted or run as a command from here. Ask for a figure instead.",
        )
    if words[0] in _ACTIONS and len(words) > 2 and _has_object(words[1]):
        return Decline(
            code="write_request",
            message="I only read data: I cannot send, schedule or change anything. Ask for the list or the figure instead.",
        )
    english = [w for w in words if w in filler_words() or w in grammar_words()]
    if len(words) >= 4 and not english and not known_words:
        return Decline(code="language", message="I could not recognise this as an English question about this data. Ask it in English.")
    return None


def _is_sql(text: str) -> bool:
    return bool(
        re.match(
            r"\s*(select|with|insert|update|delete|drop|alter|create|truncate|attach|copy|pragma)\b[^?]*\b(from|into|table|set|database|as)\b[^?]*;?\s*$",
            text,
            re.I,
        )
    ) and (";" in text or (" from " in text.lower() and text.lower().lstrip().startswith(("select", "delete"))))
