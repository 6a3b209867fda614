"""One random stream per table, so that adding a table changes no other."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Streams:
    """Streams of one build; a stream depends on the seed, its name and the chunk alone."""

    seed: int

    def rng(self, name: str, chunk: int = 0) -> np.random.Generator:
        """A fresh generator at the start of the named stream: ask for it once per table and chunk."""
        sequence = np.random.SeedSequence(self.seed, spawn_key=(zlib.crc32(name.encode()), chunk))
        return np.random.Generator(np.random.PCG64(sequence))
