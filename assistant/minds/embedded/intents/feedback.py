"""feedback: what customers say in their own words, who says what, which products and competitors it is about, and whether it changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from assistant.minds.embedded.intents.cohort import Rest
from assistant.minds.embedded.intents.contract import Asked, Cue, Cues, Plan
from assistant.minds.embedded.intents.steps import DEEDS, card_of, cohort
from assistant.minds.embedded.intents.words import word_file, words_of
from assistant.minds.embedded.lexicon import Kind
from assistant.minds.embedded.tokens import Token, atoms
from assistant.minds.embedded.wordlists import word_set
from assistant.turn import Step

_UNHAPPY, _HAPPY = ["negative", "mixed"], ["positive"]
_TRIGGERS = ("complain", "praise", "kind", "say", "report", "noun", "read")
_MORE = word_set("more less fewer")
_COUNTING = word_set("do does did who")
_FIGURES = word_set(
    "many much number count share percentage percent average mean score rating sentiment total per volume proportion revenue"
)
_ABOUT = word_set("about of on with regarding concerning over that")
_ENDS = word_set(
    "since during last this after before from between among by according until who whom , ; . ? ! please lately recently today when than "
    "then more most often in for whose compared versus concern affect involve"
)
_ARTICLES = word_set("our the your my their its a an any some us we you it things that there")
_ANYTHING = word_set("anything something everything else all")
_PEOPLE = word_set("customers customer people shoppers members those clients buyers users")
_OF_PRODUCTS = word_set(
    "get gets have has had receive receives with are is were the arrive arrives being which that do does about draw draws"
)
_RECENT_DAYS = 90
_AGAINST = word_set("compare compared comparing versus vs difference differ")
_MORE = word_set("more fewer less oftener")
_SHOPS = word_set("store stores shop shops branch branches outlet outlets location locations")
_AT = word_set("in at of from for the our inside about with")
_BESIDE = word_set("most mostly mainly best worst least more the also really to us")
_PICKS = word_set("best top biggest largest worst main")
_CLAUSE_MARKS = word_set("and , ; but")
_SHOW = word_set("show give find list")
_KINDS = {"review": "review", "ticket": "ticket", "post": "social", "call": "call", "chat": "chat"}


class FeedbackIntent:
    name = "feedback"
    tool = "search_feedback"
    needs: tuple[str, ...] = ("feedback",)
    follows = frozenset({"search_feedback"})

    def cues(self, asked: Asked) -> Cues | None:
        """ "What do they complain about" is a question to texts; "how many complaints by month" is a figure."""
        found = _found(asked)
        named = any(cue.role.startswith("competitor ") for cue in found)
        rivals = any(cue.role == "competitors" for cue in found)
        comparing = [cue for cue in found if cue.role == "versus"]
        versus = bool(comparing) and (named or rivals or len(comparing) > 1)
        if rivals and not (versus or named):
            return None  # Which competitors are named most is a figure.
        spoken = _spoken(found)
        sourced = any(cue.role.startswith("source ") for cue in found) and any(cue.role == "about" for cue in found)
        calls = any(_is_bare_call(cue) for cue in found)
        about_calls = calls and any(t.text == "about" for t in asked.tokens)
        if not (spoken or versus or sourced or about_calls or (named and any(cue.role == "source" for cue in found))):
            return None
        words = {t.text for t in asked.tokens}
        counts = asked.tokens[0].text in _COUNTING and bool(words & _MORE) and bool(words & {"than", "or"})
        if words & _FIGURES or counts:
            return None  # "Do customers in the South complain more than those in the North" counts.
        return Cues(found=tuple(_of_its_clause(found, asked.tokens)))

    def plan(self, cues: Cues, rest: Rest) -> Plan | None:
        if rest.metrics and not _only_texts(rest):
            return None
        if rest.account.leftover and not (cues.has("people") or any(t.text in _PEOPLE for t in rest.asked.tokens)):
            return None  # Somebody else's words: suppliers, employees, neighbours.
        arguments: dict[str, Any] = {"show": _show(cues), **_chosen(cues), **_people(rest, cues)}
        uses = {"window", "metric"} if _picked(rest.asked.tokens) else {"ranking", "window", "metric"}
        # "Customers of the South stores": the value is one that customers have.
        notes = tuple(f"'{cue.text}' was not taken for more than where the customers are" for cue in cues.found if cue.role == "shops")
        if arguments["show"] == "before_after":
            day = _changed_on(cues, rest)
            if day is None and cues.has("trend") and rest.window is None:
                day = rest.asked.context.as_of - dt.timedelta(days=_RECENT_DAYS - 1)
                notes = (*notes, f"the last {_RECENT_DAYS} days are held against the {_RECENT_DAYS} before")
            if day is None:
                return None
            arguments["changed_on"] = day.isoformat()
        elif rest.window is not None:
            arguments["window"] = rest.window.model_dump(mode="json", exclude_defaults=True)
        if arguments["show"] == "distinctive" and not (arguments.get("filters") or arguments.get("entity_conditions")):
            return None
        if arguments["show"] != "competitors":
            arguments.pop("competitor", None)
        n = rest.n or _number(cues)
        if n and arguments["show"] != "before_after":
            arguments["limit"] = min(n, 50)
        # "Calls about billing" may be a figure as well: nobody is said to have said something. "What do people call about" is none.
        yields = not _spoken(cues.found) and cues.has("about") and arguments["show"] == "themes"
        return Plan(
            arguments=arguments,
            uses=frozenset(uses) | DEEDS,
            notes=notes,
            doubts=("this takes them together and does not set one against the other",) if _sets_against(rest) else (),
            yields=yields,
            individuals=arguments["show"] == "records",
        )

    def edit(self, previous: Step, cues: Cues, rest: Rest) -> Plan | None:
        """ "And in the East?", "only in reviews", "and what do they praise?", "show me the texts" """
        arguments = dict(previous.arguments)
        changed = False
        people = _people(rest, cues)
        if people:
            kept = [f for f in arguments.get("filters", ()) if f["field"] not in {g["field"] for g in people.get("filters", ())}]
            arguments |= {**people, "filters": [*kept, *people.get("filters", ())]}
            changed = True
        chosen = _chosen(cues)
        for name in ("sources", "sentiment", "about"):
            if name in chosen:
                arguments[name] = chosen[name]
                changed = True
        if "about" in chosen:
            arguments.pop("topics", None)
        if cues.has("read"):
            arguments["show"] = "records"
            changed = True
        if rest.window is not None and arguments.get("show") != "before_after":
            arguments["window"] = rest.window.model_dump(mode="json", exclude_defaults=True)
            changed = True
        if not changed or (rest.metrics and not _only_texts(rest)):
            return None
        return Plan(
            arguments=arguments, uses=frozenset({"ranking", "window", "metric"}) | DEEDS, individuals=arguments.get("show") == "records"
        )


def _found(asked: Asked) -> list[Cue]:
    """The cues of the word file, the competitors that the texts name, and the words that say what the texts are about."""
    tokens = asked.tokens
    card = card_of(asked, "feedback") or {}
    rivals = words_of((f"competitor {name}", " ".join(atoms(name))) for name in card.get("competitors", ()))
    named = [*rivals.find(tokens).found, *_shops(asked)]
    taken = {at for cue in named for at in range(cue.start, cue.end)}
    words = [cue for cue in word_file("feedback").find(tokens).found if not taken & set(range(cue.start, cue.end))]
    about = _about(tokens, words, taken)
    if about is not None:
        words = [cue for cue in words if cue.end <= about.start or cue.start >= about.end or cue.role.startswith("source ")]
        words = [cue for cue in words if not (cue.start < about.end and about.start < cue.end)]
        words.append(about)
    if not any(_moves(cue) for cue in words):
        words = [cue for cue in words if cue.role != "after"]  # "Since May" is a window then, and read as any other.
    picked = _picked(tokens)
    words = [cue for cue in words if cue.role != "asking" or not picked & set(range(cue.start, cue.end))]
    return sorted([*words, *named], key=lambda cue: cue.start)


def _shops(asked: Asked) -> list[Cue]:
    """Shops by their names, as what the texts are about: of customers it would not be known in which way one is theirs."""
    roles, tokens = asked.reader.model.settings.roles.feedback, asked.tokens
    if roles is None or roles.store is None:
        return []
    dataset = roles.store.split(".")[0]
    customer = asked.reader.model.settings.customer
    nouns = {t for s in (dataset, asked.reader.model.datasets[dataset].label) for t in atoms(s.replace("_", " "))} | _SHOPS
    found = []
    for mention in asked.reader.cut(tokens, asked.context).mentions:
        value = next((s.value for s in mention.of(Kind.VALUE) if s.target == roles.store), None)
        start, end = mention.start, mention.end
        if value is None:
            if end < len(tokens) and tokens[end].text in nouns and any(s.target.startswith(f"{customer}.") for s in mention.of(Kind.VALUE)):
                found.append(Cue(start=end, end=end + 1, role="shops", text=tokens[end].raw))
            continue
        while start > 0 and tokens[start - 1].text in (_AT | nouns):
            start -= 1
        if end < len(tokens) and tokens[end].text in nouns:
            end += 1
        found.append(Cue(start=start, end=end, role=f"shop {value}", text=" ".join(t.raw for t in tokens[start:end])))
    return found


def _picked(tokens: Sequence[Token]) -> set[int]:
    """Where "best" or "top" says whose words are meant ("our top customers") and not which complaints: by which figure is not known."""
    return {at for at, (one, following) in enumerate(pairwise(tokens)) if _picks(one.text) and following.text in _PEOPLE}


def _picks(word: str) -> bool:
    return word in _PICKS or (word.endswith("est") and len(word) > 5)  # "our youngest customers"


def _of_its_clause(found: Sequence[Cue], tokens: Sequence[Token]) -> list[Cue]:
    """Without the small words of a clause before that is not about texts: "who is likely to leave, and what are they unhappy about"."""
    own = min(cue.start for cue in found if not (cue.role in ("people", "asking") or (_spoken(found) and _is_bare_call(cue))))
    begin = next((at for at in range(own, 0, -1) if tokens[at].opens or tokens[at - 1].text in _CLAUSE_MARKS), 0)
    return [cue for cue in found if cue.start >= begin]


def _is_bare_call(cue: Cue) -> bool:
    """ "Calls" as a source, or the call of "who should we call"."""
    return cue.role == "source call" and cue.text.lower() in ("call", "calls", "ring", "phone")


def _spoken(found: Sequence[Cue]) -> bool:
    """Somebody says something: a word for it, or kind words beside one."""
    return any(cue.role in _TRIGGERS and cue.role != "kind" for cue in found)


def _about(tokens: Sequence[Token], words: Sequence[Cue], taken: set[int]) -> Cue | None:
    """The words after "complaints about", "what people say of", "has anybody reported that" ...; None when there are none."""
    triggers = [
        c
        for c in words
        if c.role in (*_TRIGGERS, "source review", "source ticket", "source call", "source chat", "source survey", "source social")
    ]
    for trigger in triggers:
        at = trigger.end
        if any(c.role == "others" and c.start == at for c in words):
            continue
        if at < len(tokens) and tokens[at].text == "that" and trigger.role.startswith("source "):
            continue  # "Tickets that came by phone" says nothing of what they are about.
        further = next((i for i in range(at, len(tokens)) if tokens[i].text not in (_PEOPLE | _BESIDE)), len(tokens))
        if further < len(tokens) and tokens[further].text in ("about", "with"):
            at = further  # "What annoys people most about the app".
        if at < len(tokens) and (tokens[at].text in _ABOUT or (tokens[at].text == "for" and trigger.role == "praise")):
            at += 1
        elif tokens[at - 1].text not in _ABOUT and trigger.role != "report" and not trigger.text.lower().startswith("mention"):
            continue
        if at < len(tokens) and tokens[at - 1].text == "on" and tokens[at].raw[:1].isupper():
            continue  # A network or a page that they write on, and not what they write of.
        cue = _words_from(tokens, at, words, taken)
        if cue is not None:
            return cue
    products = next((c for c in words if c.role == "product"), None)
    if products is not None and not any(c.role in ("complain", "praise") for c in words):
        at = products.end
        while at < len(tokens) and tokens[at].text in _OF_PRODUCTS - {"arrive", "arrives"}:
            at += 1
        return _words_from(tokens, at, words, taken)
    return None


def _words_from(tokens: Sequence[Token], at: int, words: Sequence[Cue], taken: set[int]) -> Cue | None:
    stops = {c.start for c in words if c.role in ("others", "versus", "change", "trend") and c.text.lower() not in ("us",)}
    while at < len(tokens) and tokens[at].text in _ARTICLES and at not in taken and at not in stops:
        at += 1
    end = at
    while end < len(tokens) and tokens[end].text not in _ENDS and end not in taken and end not in stops and not tokens[end].opens:
        end += 1
    said = [t for t in tokens[at:end] if t.kind != "mark"]
    if said and tokens[at - 1].text in _ARTICLES and said[0].text in _ABOUT:
        return None  # "Posts about us on the radio": where they are, not what they are about.
    if not said or said[0].text in _PEOPLE or said[-1].text in _PEOPLE or all(t.text in _ARTICLES | _ANYTHING for t in said):
        return None
    while end > at and (tokens[end - 1].kind == "mark" or tokens[end - 1].text in ("and", "or", "not", "do")):
        end -= 1
    if end <= at:
        return None
    return Cue(start=at, end=end, role="about", text=" ".join(t.raw for t in tokens[at:end]))


def _moves(cue: Cue) -> bool:
    """Speaks of a change: "fall", "fewer", "nicer things"."""
    return cue.role == "change" or (cue.role == "kind" and cue.text.lower().split()[0] in ("nicer", "kinder", "better"))


def _show(cues: Cues) -> str:
    if cues.has("others") or (cues.has("differ") and cues.has("say", "noun")):
        return "distinctive"
    if any(c.role.startswith("competitor ") for c in cues.found) or (cues.has("competitors") and cues.has("versus")):
        return "competitors"
    if cues.has("after") and any(_moves(cue) for cue in cues.found):
        return "before_after"
    if cues.has("trend") and cues.has("complain", "praise", "noun", "about"):
        return "before_after"
    if cues.has("product"):
        return "products"
    return "records" if cues.has("read") or _shown(cues) else "themes"


def _shown(cues: Cues) -> bool:
    """ "Show me reviews about wobbly tables": the texts are wanted, not what they are about."""
    if not cues.has("about") or _spoken(cues.found):
        return False
    first = min(cues.found, key=lambda cue: cue.start)
    return first.role == "asking" and first.text.lower().split()[0] in _SHOW and any(c.role.startswith("source ") for c in cues.found)


def _chosen(cues: Cues) -> dict[str, Any]:
    """Which texts: how they sound, where they come from, what they are about, whom they name."""
    chosen: dict[str, Any] = {}
    if cues.has("complain"):
        chosen["sentiment"] = _UNHAPPY
    elif cues.has("negative"):
        chosen["sentiment"] = ["negative"]
    elif cues.has("praise", "kind", "positive"):
        chosen["sentiment"] = _HAPPY
    sources = [c.role.removeprefix("source ") for c in cues.found if c.role.startswith("source ")]
    sources += [kind for c in cues.found if c.role in ("negative", "positive") for word, kind in _KINDS.items() if word in c.text.lower()]
    sources = list(dict.fromkeys(sources))
    if sources:
        chosen["sources"] = sources
    about = cues.first("about")
    if about is not None:
        chosen["about"] = about.text[:200]
    rivals = [c.role.removeprefix("competitor ") for c in cues.found if c.role.startswith("competitor ")]
    if rivals:
        chosen["competitor"] = rivals[0]
        chosen.pop("about", None)
    return chosen


def _people(rest: Rest, cues: Cues) -> dict[str, Any]:
    """Whose texts, and of which shops."""
    found = cohort(rest)
    shops = [cue.role.removeprefix("shop ") for cue in cues.found if cue.role.startswith("shop ")]
    roles = rest.asked.reader.model.settings.roles.feedback
    if shops and roles is not None:
        found["filters"] = [*found.get("filters", ()), {"field": roles.store, "op": "in", "values": shops}]
    ids = found.pop("customer_ids", None)
    if ids:
        model = rest.asked.reader.model
        customer = str(model.settings.customer)
        key = model.datasets[customer].primary_key[0]
        found["filters"] = [*found.get("filters", ()), {"field": f"{customer}.{key}", "op": "in", "values": ids}]
    return found


def _sets_against(rest: Rest) -> bool:
    """ "Do customers in the South write more complaints than in the North": two values of one field, and more of one than of the other."""
    said = [t.text for t in rest.asked.tokens]
    more = any(one in _MORE and "than" in said[at:] for at, one in enumerate(said))
    return (more or bool(_AGAINST & set(said))) and any(len(f.values) > 1 for f in rest.filters)


def _only_texts(rest: Rest) -> bool:
    """Figures that are merely the noun of the texts: "reviews", "complaints"."""
    own = rest.asked.reader.model.metrics
    return all(
        "feedback." in own[m].expression or m in ("reviews", "tickets", "calls", "chats", "social_mentions")
        for m in rest.metrics
        if m in own
    )


def _changed_on(cues: Cues, rest: Rest) -> dt.date | None:
    window = rest.window
    if window is None or window.start is None:
        return None
    after = next((c for c in cues.found if c.role == "after"), None)
    exclusive = after is not None and after.text.lower() == "after"
    return window.start - dt.timedelta(days=1) if exclusive and window.end is None else window.start


def _number(cues: Cues) -> int | None:
    """ "The three biggest complaints", "let me read ten reviews"."""
    return next((int(cue.numbers[0]) for cue in cues.found if cue.numbers and cue.numbers[0] >= 1), None)
