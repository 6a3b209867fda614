"""Words that claim something: movement, level, extremes, rank, share, totals. Data, and one matcher per kind."""

from __future__ import annotations

import re
from enum import StrEnum


def word_set(*lines: str) -> frozenset[str]:
    """The words of some lines of text."""
    return frozenset(word for line in lines for word in line.split())


class Cue(StrEnum):
    MOVE = "move"
    """A change over time; value +1 up, -1 down, 0 unchanged."""
    CHANGE = "change"
    """A change without direction: "change of", "difference"."""
    LEVEL = "level"
    """One thing above or below another."""
    EXTREME = "extreme"
    """Highest or lowest of all."""
    RANK = "rank"
    """An ordinal place; the value is the place, negative when counted from the bottom."""
    GROUP = "group"
    """ "the top three": that many at once, negative from the bottom."""
    FOLLOWED = "followed"
    """ "followed by", "then": the next in order."""
    SHARE = "share"
    TOTAL = "total"
    AVERAGE = "average"
    TOGETHER = "together"
    MOST_OF = "most_of"
    """More than half."""
    PREVIOUS = "previous"
    """Speaks of the period that is compared with."""
    NEXT = "next"
    """Speaks of the period after the one just named."""
    RESPECTIVELY = "respectively"
    UNPROVABLE = "unprovable"
    """Claims that no cell can bear out: causes, judgements, "every", forecasts."""


_UP_VERBS = (
    r"r(?:ose|isen|ises?|ising)|grew|gr(?:own|ows?|owing|owth)|increas(?:e[ds]?|ing)|climb(?:ed|s|ing)?|jump(?:ed|s)?|"
    r"surg(?:ed?|es)|soar(?:ed|s)?|gain(?:ed|s)?|went up|going up|goes up|go up|uptick|upturn|picked up|moved up|up"
)
_DOWN_VERBS = (
    r"fell|fall(?:s|en|ing)?|declin(?:ed?|es|ing)|decreas(?:e[ds]?|ing)|drop(?:ped|s|ping)?|dip(?:ped|s)?|shr(?:ank|unk|"
    r"inks?)|slid(?:es?)?|slump(?:ed|s)?|sank|plung(?:ed?|es)|went down|going down|goes down|go down|downturn|moved down|"
    r"down|contracted|lost"
)
_FLAT = r"unchanged|flat|stable|steady|constant|level with|no change|did not change|held steady|the same as"
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
}  # fmt: skip
_ORDINAL = rf"(?:{'|'.join(_ORDINALS)}|\d+(?:st|nd|rd|th))"
_NUMBER_WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_N = rf"(?:\d{{1,2}}(?![\d%]|[,.]\d)|{'|'.join(_NUMBER_WORDS)})"
_HIGH = r"highest|largest|biggest|greatest|strongest|busiest|best|maximum|top"
_LOW = r"lowest|smallest|weakest|quietest|slowest|worst|minimum|bottom"

# Order matters: what stands first takes its words away from what follows.
_PATTERNS: tuple[tuple[Cue, int, str], ...] = (
    (Cue.UNPROVABLE, 0, (
        r"because|due to|driven by|caused by|causes?|thanks to|as a result of|owing to|attribut(?:able|ed) to|explains?"
    )),
    (Cue.UNPROVABLE, 0, r"will|expect(?:ed|s)?|forecast(?:s|ed)?|predict(?:s|ed)?|likely|probably|project(?:ed|ion)s?"),
    (Cue.UNPROVABLE, 0, (
        r"every|each month|each year|each quarter|each week|all of (?:them|which)|always|never|none of|only one|"
        r"no other|nobody|consistently|statistically|significant(?:ly)?"
    )),
    (Cue.UNPROVABLE, 0, r"doubl(?:ed|es|ing)|tripl(?:ed|es|ing)|halv(?:ed|es|ing)|quadrupl(?:ed|es|ing)"),
    (Cue.UNPROVABLE, 0, r"outliers?|correlat(?:es|ed|ion)|seasonal(?:ity)?|volatil(?:e|ity)|profit(?:able|ability)"),
    (Cue.RANK, 0, (
        r"(?:number|no\.|nr\.|rank(?:ed|s)?(?:\s+at)?(?:\s+(?:number|no\.|#))?|place)\s*#?(?P<n1>\d+)(?!\d)|"
        r"#(?P<n2>\d+)(?!\d)|number one(?P<one>)|runner-up(?P<two>)"
    )),
    (Cue.RANK, -1, (
        rf"(?P<o1>{_ORDINAL})[\s-](?:{_LOW.replace('|bottom', '')})|(?P<o2>{_ORDINAL})[\s-](?:to|from)[\s-](?:last|"
        rf"the bottom)"
    )),
    (Cue.RANK, 1, (
        rf"(?P<o3>{_ORDINAL})[\s-](?:{_HIGH.replace('|top', '')})|(?P<o4>{_ORDINAL})\s+(?:place|position|spot|rank)|"
        rf"(?:rank(?:s|ed)?|com(?:es|ing)|came|placed|is|was|are|were|in|follows|finish(?:es|ed)?|sits|"
        rf"stands)\s+(?:in\s+|a\s+(?:close|distant)\s+)?(?P<o5>{_ORDINAL})(?!\s+(?:quarter|half|month|week|day|year))"
    )),
    (Cue.GROUP, 1, rf"(?:top|leading|highest|largest|biggest|best|first)\s+(?P<n3>{_N})|(?P<n5>{_N})\s+(?:{_HIGH})"),
    (Cue.GROUP, -1, rf"(?:bottom|lowest|smallest|weakest|worst|last)\s+(?P<n4>{_N})|(?P<n6>{_N})\s+(?:{_LOW})"),
    (Cue.SHARE, 0, (
        r"share|account(?:s|ed|ing)? for|ma(?:de|kes?|king) up|contribut(?:es?|ed|ing)|represent(?:s|ed|ing)?|"
        r"compris(?:es?|ed)|proportion|fraction|portion|of (?:the |all |overall )?total|of (?:all|overall)|out of"
    )),
    (Cue.NEXT, 0, (
        r"(?:the |a |one )?(?:day|week|month|quarter|year) (?:after|later)|(?:the )?(?:following|next) (?:day|week|"
        r"month|quarter|year)"
    )),
    (Cue.FOLLOWED, 0, r"followed(?:\s+\w+)?\s+by|and then|then|ahead of next|next came|next comes|next is|next was|next"),
    (Cue.MOST_OF, 0, r"most of|the majority of|a majority of|more than half(?: of)?|over half(?: of)?"),
    (Cue.LEVEL, 1, (
        r"(?:higher|more|greater|larger|bigger|better|stronger|busier)(?=[\s\w\x00'’-]{0,70}\bthan\b)|ahead of|above|"
        r"out(?:sold|performed|performs|paced|paces|earned|spent|ranked|ranks|stripped)|exceed(?:s|ed|ing)?|beat(?:s|"
        r"ing)?|surpass(?:es|ed)?|overt(?:ook|akes?)"
    )),
    (Cue.LEVEL, -1, (
        r"(?:lower|less|fewer|smaller|weaker|worse|quieter)(?=[\s\w\x00'’-]{0,70}\bthan\b)|behind|below|trail(?:s|ed|"
        r"ing)?|lag(?:s|ged|ging)?(?:\s+behind)?|short of"
    )),
    (Cue.EXTREME, -1, (
        r"lowest|smallest|least|fewest|weakest|worst|minimum|bottom(?:ed out)?|trough|slowest|quietest|"
        r"brings? up the rear|in last place|ranks? last|comes? last|came last|low point"
    )),
    (Cue.EXTREME, 1, (
        r"highest|largest|biggest|most|greatest|strongest|best(?:[\s-]\w+ing)?|maximum|top(?:s|ped)?|peak(?:ed|s)?|"
        r"leads?|led|leading|leader|in first place|ranks? first|comes? first|came first|busiest|record|number one|"
        r"high point|dominates?"
    )),
    (Cue.MOVE, 0, _FLAT),
    (Cue.MOVE, 1, rf"{_UP_VERBS}|higher|improv(?:ed?|es|ing|ement)|recover(?:ed|s|y)|rebound(?:ed)?|expan(?:ded|sion)"),
    (Cue.MOVE, -1, rf"{_DOWN_VERBS}|lower|worsen(?:ed|s|ing)|deteriorat(?:ed|es)|fewer|weaker|less|loss|reduction|reduced"),
    (Cue.MOVE, 1, r"more(?=\s+than\s+(?:in|the|a|last))"),
    (Cue.CHANGE, 0, r"changed?|difference|gap|margin of|lead of|swing|apart|separat(?:es?|ed|ing)"),
    (Cue.TOGETHER, 0, r"together|combined|in sum|between them|jointly|in aggregate"),
    (Cue.TOTAL, 0, r"total(?:l?ed|l?ing|s)?|overall|in all|altogether|sum|across (?:all|the)|all"),
    (Cue.AVERAGE, 0, r"averag(?:e[ds]?|ing)|mean|typical(?:ly)?|on average"),
    (Cue.PREVIOUS, 0, (
        r"(?:the |a |one )?(?:previous|prior|preceding|earlier)(?: (?:period|month|week|quarter|year|day|one|figure|"
        r"value))?|(?:the )?(?:period|month|week|quarter|year|day)s? (?:before|earlier|ago)|before that|year[\s-](?:on|"
        r"over)[\s-]year|month[\s-](?:on|over)[\s-]month|quarter[\s-](?:on|over)[\s-]quarter|week[\s-](?:on|"
        r"over)[\s-]week"
    )),
    (Cue.RESPECTIVELY, 0, r"respectively|in that order"),
)  # fmt: skip

PATTERNS = tuple((cue, sign, re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])", re.I)) for cue, sign, pattern in _PATTERNS)


def cue_value(cue: Cue, sign: int, match: re.Match[str]) -> int:
    """The number a cue carries: its direction, or for ranks and groups the place or size with that sign."""
    if cue not in (Cue.RANK, Cue.GROUP):
        return sign
    named = match.groupdict()
    if "one" in named and (named["one"] is not None or named["two"] is not None):
        return 1 if named["one"] is not None else 2
    said = next(value for name, value in named.items() if value and name not in ("one", "two")).lower()
    number = _ORDINALS.get(said) or _NUMBER_WORDS.get(said) or int(re.sub(r"\D", "", said))
    return -number if sign < 0 else number


JUDGING = frozenset(
    {"best", "worst", "better", "worse", "improved", "improve", "improves", "improving", "improvement", "worsened", "worsening"}
)
"""Words whose direction depends on whether high is good: not provable for rates, where it often is not."""

BOUNDARY = re.compile(
    r"(?P<mark>[,;:()]|\s[–—-]\s)"
    r"|\b(?P<word>while|whereas|but|although|though|however|compared\s+(?:with|to)|in\s+comparison\s+(?:with|to)|versus|vs\.?|against|from|to|with"
    r"|than|and|(?:before|after)(?=\s+\w+ing\b)|followed(?:\s+\w+)?\s+by|then|up\s+from|down\s+from)(?![\w-])"
    r"|\b(?P<of>(?:out\s+)?of)\s+(?=the\s+total|total|all\b|an?\s+(?:overall|total)|the\s+overall|the\s*[$€£])",
    re.I,
)
"""Where one statement of a sentence ends and the next begins."""

COMPARATIVE = re.compile(r"(?:high|low|great|larg|bigg|strong|weak|small|busi|quiet|few)er|more|less|better|worse", re.I)
"""Words whose object comes behind a "than"."""

OBJECT_WORDS = frozenset(
    {"than", "compared with", "compared to", "in comparison with", "in comparison to", "versus", "vs", "vs.", "against"}
)
PREVIOUS_WORDS = frozenset({"from", "than", "compared with", "compared to", "versus", "vs", "vs.", "against", "up from", "down from"})

PRONOUN = re.compile(r"^\W*(?:it|its|this|that|they|their|these|those|he|she|the (?:same|latter|former)|which|both)\b", re.I)

FUNCTION_WORDS = word_set(
    "a an the in on at of for by to from with and or but than as is was are were be been being had has have having it its",
    "this that these those which who whom whose while whereas over under between during across per each both not no nor so if",
    "when where there here still also just only even about around up down out off then now after before since until through",
    "against versus vs among within without into onto upon via plus came come comes went goes go made make makes did does do",
    "brought bring brings reached reach reaches stood stand stands saw see sees recorded generated delivered produced earned",
    "took takes contributed accounted represented respectively together combined overall altogether compared ahead behind",
    "above below higher lower more less fewer greater smaller larger bigger rose fell grew followed leads led trails beat",
    "beats better worse equal exactly precisely alone instead however meanwhile",
)  # fmt: skip

ADJECTIVES_BEFORE_NOUNS = word_set(
    "distinct different unique total individual such active new separate whole full complete calendar single recorded",
    "matching other additional further extra more fewer less of in the",
)  # fmt: skip

BUSINESS_NOUNS = word_set(
    "revenue sale turnover spend spending profit margin cost price discount order visit basket transaction trip unit item",
    "product customer household user shopper buyer client visitor subscriber member account store redemption coupon campaign",
    "churn retention conversion session click email ticket review complaint return refund loyalty lifetime income salary",
    "budget inventory stock quantity volume traffic growth penetration frequency recency satisfaction score rating sentiment",
    "employee supplier day week month hour minute second year dollar euro pound percent line",
)  # fmt: skip
"""Nouns that say what a figure counts: one that no column of the result is called by makes a figure wrong."""

ORDINARY_STARTS = word_set(
    "most more less about around nearly almost over under just only roughly approximately some many few several all both half",
    "two three four five six seven eight nine ten twelve at in on by for from with within without between among across during",
    "since until after before as per compared versus while whereas although though however but and or so then next first",
    "second third finally also additionally moreover furthermore meanwhile overall together combined altogether total totals",
    "average looking ranked ranking broken split here there the a an this that these those it its they their we you your our",
    "no not none yes note notably interestingly again still yet even each every other another such when where what which who",
    "how if because once out up down top bottom highest lowest largest smallest biggest leading leader led last previous",
    "current year month quarter week day today yesterday sales customers people shoppers buyers business data results figures",
    "numbers table based according of summing adding taking going followed following behind ahead close closely clearly far",
    "runner",
)  # fmt: skip
