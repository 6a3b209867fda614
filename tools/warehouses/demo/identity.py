"""The people behind the customer numbers: source records with their mistakes, and what the nightly matching made of them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from tools.warehouses.demo.arrays import NONE, Bools, Coded, Ints, Texts, chance, joined, pick, spread, where_none
from tools.warehouses.demo.catalogue import read_data
from tools.warehouses.demo.options import DemoOptions
from tools.warehouses.demo.people import People
from tools.warehouses.demo.privacy import Consent
from tools.warehouses.demo.stores import region_names
from tools.warehouses.demo.streams import Streams
from tools.warehouses.demo.timeline import DAY_S, Timeline
from tools.warehouses.demo.truths import IDENTITY_SHARE
from tools.warehouses.demo.writing import Sink

SYSTEMS = ("pos", "web", "app", "crm", "loyalty", "support")
VARIATIONS = ("clean", "typo", "nickname", "moved", "shared contact", "namesake", "swapped names", "test")
DIRTY_WEIGHTS = (0.0, 0.36, 0.22, 0.24, 0.18)
SWAPPING_SYSTEM, SWAP_SHARE = SYSTEMS.index("support"), 0.6
NAMESAKE_SHARE = 0.08
RULES = ("same e-mail", "name and birth date", "name and address", "fuzzy match", "not matched")


@dataclass(frozen=True, kw_only=True)
class Identities:
    """True contact data per person, as codes and texts."""

    first: Texts
    last: Texts
    email: Texts
    phone: Texts
    street: Texts
    city: Texts
    postcode: Texts
    birth: Ints
    """Days since 1970."""
    namesake: Bools
    """Shares first name, last name and address with a parent or child."""

    def take(self, rows: Ints) -> Identities:
        return Identities(**{f.name: getattr(self, f.name)[rows].copy() for f in fields(self)})


def make_identities(options: DemoOptions, people: People, timeline: Timeline, streams: Streams) -> Identities:
    rng = streams.rng("core.customer_contact", people.chunk)
    names = read_data("names")
    count = people.count
    first_names, last_names = np.array(names["first_names"], dtype=object), np.array(names["last_names"], dtype=object)
    first, last = rng.integers(0, len(first_names), count), rng.integers(0, len(last_names), count)
    shares_name = chance(rng, 0.85, count)
    last = np.where(shares_name, last[people.head], last)
    member = people.head != np.arange(count)
    namesake = np.zeros(count, dtype=bool)
    age = people.age.copy()
    if options.has("identity"):
        namesake = member & chance(rng, NAMESAKE_SHARE, count)
        first, last = np.where(namesake, first[people.head], first), np.where(namesake, last[people.head], last)
        age = np.where(namesake, np.where(age[people.head] > 48, age[people.head] - 27, age[people.head] + 27), age)
    end = timeline.first_epoch_day + timeline.days - 1
    street = np.array(names["streets"], dtype=object)[rng.integers(0, len(names["streets"]), count)]
    number = rng.integers(1, 180, count).astype("U").astype(object)
    address = (number + " " + street)[people.head]
    city, postcode = _places(rng, people)
    tag = np.where(chance(rng, 0.5, count), people.ids, rng.integers(1, 9999, count) * 10**6 + people.ids)
    domain = np.array(names["email_domains"], dtype=object)[rng.integers(0, len(names["email_domains"]), count)]
    lower_first = np.array([n.lower() for n in names["first_names"]], dtype=object)[first]
    lower_last = np.array([n.lower() for n in names["last_names"]], dtype=object)[last]
    email = lower_first + "." + lower_last + tag.astype("U").astype(object) + "@" + domain
    if options.has("data_faults"):
        email[people.test] = "test+" + people.ids[people.test].astype("U").astype(object) + "@test.invalid"
    prefix = np.array(names["phone_prefixes"], dtype=object)[rng.integers(0, len(names["phone_prefixes"]), count)]
    digits = rng.integers(0, 10_000, count)
    four = np.array([f" {d // 100:02d} {d % 100:02d}" for d in range(10_000)], dtype=object)[digits]
    return Identities(
        first=np.where(people.test, "Test", first_names[first]),
        last=np.where(people.test, "Account", last_names[last]),
        email=email,
        phone=prefix + four,
        street=address,
        city=city[people.head],
        postcode=postcode[people.head],
        birth=end - age * 365 - age // 4 - rng.integers(0, 365, count),
        namesake=namesake,
    )


def _places(rng: np.random.Generator, people: People) -> tuple[Texts, Texts]:
    regions = read_data("names")["regions"]
    cities = np.array([city for r in region_names() for city in regions[r]], dtype=object)
    per_region = len(cities) // len(regions)
    place = people.region * per_region + rng.integers(0, per_region, people.count)
    codes = np.array([f"{place + 11:02d}{rest:02d}" for place in range(len(cities)) for rest in range(100)], dtype=object)
    return cities[place], codes[place * 100 + rng.integers(0, 100, people.count)]


def write_identity(
    sink: Sink,
    truth: Sink,
    options: DemoOptions,
    people: People,
    identities: Identities,
    consent: Consent,
    timeline: Timeline,
    streams: Streams,
) -> None:
    """core.customer_contact, source.person_record, core.identity_link, truth.person."""
    erased = consent.erased_day < timeline.days
    _write_contacts(sink, people, identities, erased)
    rng = streams.rng("source.person_record", people.chunk)
    person, system, variation = _records(rng, options, people, identities)
    records = identities.take(person)
    _vary(rng, records, variation, people, identities, person)
    swapped = (system == SWAPPING_SYSTEM) & chance(rng, SWAP_SHARE, len(person)) & options.has("identity") & (variation == 0)
    records.first[swapped], records.last[swapped] = records.last[swapped], records.first[swapped].copy()
    variation = np.where(swapped, VARIATIONS.index("swapped names"), variation)
    gone = erased[person]
    for column in (records.first, records.last, records.email, records.phone, records.street, records.city, records.postcode):
        column[gone] = None
    created = np.floor(timeline.in_season(people.start)[person]).astype(np.int64)
    created = np.minimum(created + np.where(variation > 0, rng.integers(0, 300, len(person)), 0), timeline.days - 1)
    updated = np.minimum(created + np.floor(rng.exponential(120, len(person))).astype(np.int64), timeline.days - 1)
    # POS tills and the app do not ask for a birth date.
    known_birth = ~np.isin(system, (0, 2)) & ~gone
    # Numbers are unique over all systems, so a record can be traced by its number alone.
    order = np.lexsort((person, system))
    ids = np.empty(len(person), dtype=np.int64)
    ids[order] = sink.new_ids("source.person_record", len(person))
    sink.write(
        "source.person_record",
        source_system=Coded(system[order], SYSTEMS),
        source_id=ids[order],
        first_name=records.first[order],
        last_name=records.last[order],
        email=records.email[order],
        phone=records.phone[order],
        street=records.street[order],
        city=records.city[order],
        postcode=records.postcode[order],
        birth_date=where_none(known_birth, records.birth)[order],
        created_on=timeline.epoch_day(created[order]),
        updated_on=timeline.epoch_day(updated[order]),
    )
    truth.write(
        "truth.person",
        source_system=Coded(system[order], SYSTEMS),
        source_id=ids[order],
        person_id=people.first_id + person[order],
        variation=Coded(variation[order], VARIATIONS),
    )
    _write_links(
        sink,
        streams.rng("core.identity_link", people.chunk),
        people,
        person[order],
        system[order],
        ids[order],
        variation[order],
        updated[order],
        timeline,
    )


def _write_contacts(sink: Sink, people: People, identities: Identities, erased: Bools) -> None:
    rows = np.flatnonzero(~erased)
    kept = identities.take(rows)
    sink.write(
        "core.customer_contact",
        customer_id=people.first_id + rows,
        first_name=kept.first,
        last_name=kept.last,
        email=kept.email,
        phone=kept.phone,
        street=kept.street,
        city=kept.city,
        postcode=kept.postcode,
        birth_date=kept.birth,
    )


def _records(rng: np.random.Generator, options: DemoOptions, people: People, identities: Identities) -> tuple[Ints, Ints, Ints]:
    """Which person, system and variation each source record has: clean ones for all, differing ones for some."""
    count = people.count
    extra_systems = np.minimum(rng.poisson(1.15, count), 4)
    owner, position = spread(1 + extra_systems)
    home = np.where(people.b2b, 3, np.where(people.online > 0.5, 1, 0))
    system = (home[owner] + position * (1 + owner % 2 * 4)) % len(SYSTEMS)
    variation = np.where(
        people.test[owner], VARIATIONS.index("test"), np.where(identities.namesake[owner], VARIATIONS.index("namesake"), 0)
    )
    if not options.has("identity"):
        return owner, system, variation
    several = np.flatnonzero(chance(rng, IDENTITY_SHARE, count) & ~people.test)
    more, _ = spread(rng.integers(2, 5, len(several)))
    person = several[more]
    return (
        joined([owner, person]),
        joined([system, rng.integers(0, len(SYSTEMS), len(person))]),
        joined([variation, pick(rng, DIRTY_WEIGHTS, len(person))]),
    )


def _vary(rng: np.random.Generator, records: Identities, variation: Ints, people: People, identities: Identities, person: Ints) -> None:
    """Puts each record's mistake into it, in place."""
    names = read_data("names")
    typo = np.flatnonzero(variation == VARIATIONS.index("typo"))
    records.last[typo] = _swap_letters(rng, records.last[typo])
    half = typo[chance(rng, 0.5, len(typo))]
    records.email[half] = _swap_letters(rng, records.email[half])
    known = {n: i for i, n in enumerate(names["first_names"])}
    short = np.array(names["first_names"], dtype=object)
    for full, nick in names["nicknames"].items():
        short[known[full]] = nick
    nicked = np.flatnonzero(variation == VARIATIONS.index("nickname"))
    codes = np.array([known.get(n, 0) for n in records.first[nicked]], dtype=np.int64)
    records.first[nicked] = np.where(records.first[nicked] == "Test", "Test", short[codes])
    moved = np.flatnonzero(variation == VARIATIONS.index("moved"))
    streets = np.array(names["streets"], dtype=object)
    records.street[moved] = (
        rng.integers(1, 180, len(moved)).astype("U").astype(object) + " " + streets[rng.integers(0, len(streets), len(moved))]
    )
    records.phone[moved] = None
    shared = np.flatnonzero(variation == VARIATIONS.index("shared contact"))
    head = people.head[person[shared]]
    records.email[shared], records.phone[shared] = identities.email[head], identities.phone[head]


def _swap_letters(rng: np.random.Generator, texts: Texts) -> Texts:
    """Each text with two neighbouring letters exchanged."""
    if not len(texts):
        return texts
    fixed = texts.astype(np.str_)
    letters = fixed.view(np.uint32).reshape(len(fixed), -1).copy()
    lengths = np.strings.str_len(fixed)
    place = 1 + np.floor(rng.random(len(fixed)) * np.maximum(np.minimum(lengths, 8) - 3, 1)).astype(np.int64)
    rows = np.arange(len(fixed))
    letters[rows, place], letters[rows, place + 1] = letters[rows, place + 1], letters[rows, place].copy()
    return np.ascontiguousarray(letters).view(fixed.dtype).reshape(len(fixed)).astype(object)


def _write_links(
    sink: Sink,
    rng: np.random.Generator,
    people: People,
    person: Ints,
    system: Ints,
    ids: Ints,
    variation: Ints,
    updated: Ints,
    timeline: Timeline,
) -> None:
    """The company's own matching: sure about clean records, unsure or wrong about some of the others."""
    count = len(person)
    hard = variation > 0
    lost = hard & chance(rng, 0.10, count)
    # A namesake now and then ends up with the parent or child of the same name and address.
    wrong = (variation == VARIATIONS.index("namesake")) & chance(rng, 0.25, count)
    customer = np.where(wrong, people.head[person], person)
    rule = np.where(lost, 4, np.where(hard, 1 + pick(rng, (0.3, 0.3, 0.4), count), 0))
    probability = np.where(
        lost, rng.uniform(0.2, 0.6, count), np.where(hard, rng.uniform(0.75, 0.98, count), rng.uniform(0.985, 1.0, count))
    )
    sink.write(
        "core.identity_link",
        source_system=Coded(system, SYSTEMS),
        source_id=ids,
        customer_id=np.where(lost, NONE, people.first_id + customer),
        match_probability=probability,
        rule=Coded(rule, RULES),
        linked_at=timeline.utc_second(np.minimum(updated + 1, timeline.days - 1) + 2.0 / 24) + np.arange(count) % (DAY_S // 48),
    )
