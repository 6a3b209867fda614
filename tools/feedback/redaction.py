"""Personal data out of texts, before anything else sees them.

Rules find what has a shape (addresses of mail, numbers, streets) and what a cue announces ("my name is ..."); the values that the
warehouse holds of the writer are taken out wherever they stand. A word in brackets stays, so that a sentence can still be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

EMAIL, PHONE, CARD, ACCOUNT, ADDRESS, NAME = "[e-mail]", "[phone]", "[card number]", "[account number]", "[address]", "[name]"

_EMAIL = re.compile(r"\b[\w.+%-]+\s?(?:@|\(at\)|\[at\])\s?[\w-]+(?:\.[\w-]+)+\b", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:\s?[A-Z0-9]{4}){2,7}(?:\s?[A-Z0-9]{1,4})?\b")
_DIGITS = re.compile(r"(?<![\w.,-])\+?\(?\d(?:[\s()/.-]{0,2}\d){6,18}(?![\w-])")
_DAY = re.compile(r"(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4})$")
_STREET_WORDS = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|dr|close|court|ct|square|sq|terrace|way|crescent|boulevard|blvd|row|hill|mews|gardens|grove|walk|"
    "place|park|rise|view"
)
_STREET = re.compile(
    rf"\b\d{{1,4}}[a-zA-Z]?,?\s+(?:[A-Z][\w'-]+\s+){{1,3}}(?i:{_STREET_WORDS})\b\.?"
    rf"|\b(?:[A-Z][\w'-]+\s+){{1,3}}(?i:{_STREET_WORDS})\b\.?,?\s+\d{{1,4}}[a-zA-Z]?\b"
    r"|\b[A-ZÄÖÜ][\wäöüß-]*(?:straße|strasse|str\.|gasse|weg|platz|allee|laan|straat)\s+\d{1,4}[a-z]?\b"
    r"|\b\d{1,4}(?:\s?bis)?,?\s+(?:rue|avenue|boulevard|place|chemin)\s+(?:de\s+|du\s+|des\s+|la\s+|l')*[A-ZÉÈ][\wéèêàç'-]+(?:\s+[A-ZÉÈ][\wéèêàç'-]+)*"
    r"|\b(?:calle|avenida|plaza|via|viale|corso|piazza)\s+(?:[A-ZÁÉÍÓÚ][\wáéíóúñ'-]+\s?){1,3},?\s*\d{1,4}\b",
)
_CUE = (
    r"my name is|i am called|this is|ask for|speak to|spoke to|spoke with|regards,?|sincerely,?|cheers,?|signed,?|yours,?|mr\.?|mrs\.?|"
    r"ms\.?|miss|dr\.?|ich hei(?:ß|ss)e|mein name ist|herr|frau|gr(?:ü|ue)(?:ß|ss)e,?|je m'appelle|monsieur|madame|me llamo|mi nombre es|"
    r"mi chiamo|signor[ae]?"
)
_WORD = r"[A-ZÀ-Þ][\wà-ÿ'-]+"
_CUED_NAME = re.compile(rf"\b(?i:({_CUE}))(\s+)({_WORD}(?:\s+{_WORD}){{0,2}})")
_NOT_A_NAME = re.compile(
    r"(?:the|th(?:is|at|ese|ose|ere|ey)|it|i|we|you|your|my|our|an?|and|but|or|so|if|w(?:hen|here|hat|ho|hy)|how|is|are|was|were|\w+day)$",
    re.IGNORECASE,
)
_Put = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """A text without personal data."""

    text: str
    found: tuple[str, ...]
    """What was taken out: the words in brackets, in the order of the rules."""


class Redactor:
    """Takes personal data out of texts.

    >>> Redactor().redact("Ring 020 7946 0018 or write to jo@example.org").text
    'Ring [phone] or write to [e-mail]'
    """

    def __init__(self, full_names: Iterable[tuple[str, str]] = ()) -> None:
        """`full_names`: first and last names known of customers; side by side in a text they are a person whoever wrote it."""
        self._last_names: dict[str, set[str]] = {}
        for first, last in full_names:
            self._last_names.setdefault(first.casefold(), set()).add(last.casefold())

    def redact(self, text: str, own: Mapping[str, str] | None = None) -> Redacted:
        """The text without personal data.

        Args:
            own: What the warehouse knows of the writer, by column: first_name, last_name, street, city ...
        """
        found: list[str] = []

        def put(word: str) -> str:
            found.append(word)
            return word

        text = _EMAIL.sub(lambda _: put(EMAIL), text)
        text = _IBAN.sub(lambda m: put(ACCOUNT) if any(c.isdigit() for c in m.group()[4:]) else m.group(), text)
        text = _DIGITS.sub(lambda m: _number(m.group(), put), text)
        text = self._own_values(text, own or {}, put)
        text = _STREET.sub(lambda _: put(ADDRESS), text)
        text = _CUED_NAME.sub(lambda m: _cued(m, put), text)
        text = self._known_names(text, put)
        return Redacted(text=text, found=tuple(found))

    @staticmethod
    def _own_values(text: str, own: Mapping[str, str], put: _Put) -> str:
        for column, value in sorted(own.items(), key=lambda item: -len(item[1])):
            if len(value.strip()) < 3 or value.strip().casefold() not in text.casefold():
                continue
            word = _word_of(column)
            text = re.sub(rf"(?<!\w){re.escape(value.strip())}(?!\w)", _putting(put, word), text, flags=re.IGNORECASE)
        return text

    def _known_names(self, text: str, put: _Put) -> str:
        if not self._last_names:
            return text

        def replaced(match: re.Match[str]) -> str:
            first, last = match.group(1), match.group(2)
            return put(NAME) if last.casefold() in self._last_names.get(first.casefold(), ()) else match.group()

        return re.sub(rf"\b({_WORD})\s+({_WORD})\b", replaced, text)


def _putting(put: _Put, word: str) -> Callable[[re.Match[str]], str]:
    return lambda _: put(word)


def own_values(columns: Sequence[str], row: Sequence[object]) -> dict[str, str]:
    """One row of the people table as `Redactor.redact` takes it."""
    return {column: str(value) for column, value in zip(columns, row, strict=True) if value is not None and str(value).strip()}


def _word_of(column: str) -> str:
    name = column.lower()
    if "mail" in name:
        return EMAIL
    if "phone" in name or "mobile" in name:
        return PHONE
    return NAME if "name" in name else ADDRESS


def _number(text: str, put: _Put) -> str:
    digits = [int(c) for c in text if c.isdigit()]
    if _DAY.match(text.strip()) or len(digits) < 7:
        return text
    if 13 <= len(digits) <= 19 and _luhn(digits):
        return put(CARD)
    # Shorter plain runs are order numbers and prices far more often than telephones.
    phone_like = len(digits) >= 8 and (text.startswith(("+", "0", "(")) or not text.isdigit())
    return put(PHONE) if phone_like else text


def _luhn(digits: Sequence[int]) -> bool:
    doubled = [d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _cued(match: re.Match[str], put: _Put) -> str:
    if _NOT_A_NAME.match(match.group(3).split()[0]):
        return match.group()
    return f"{match.group(1)}{match.group(2)}{put(NAME)}"
