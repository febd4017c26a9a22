"""``hash-384``: vectors from the letters of a text, without weights, downloads or network.

A text becomes words; a word becomes features: itself, and its character n-grams (n = 3 to 5) between boundary marks. Each
feature adds to or takes from one component that its hash chooses (signed feature hashing, Weinberger et al., 2009). So texts
that share words, or parts of words, get vectors that lie close together. It is LEXICAL: it knows spelling, not meaning.

The same text gives the same bits everywhere: features are hashed with BLAKE2b, sums are integers and therefore exact in any
order, and the only floating-point steps are one square root and one division per component, both correctly rounded by
IEEE 754, before the result is rounded to float32. What may differ is a character that one Python's Unicode tables know and
another's do not.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from math import isqrt, sqrt
from unicodedata import normalize

MODEL = "hash-384"
DIMENSIONS = 384

# Weights are integers; 2 ** 16 stands for 1, so that sums of them are exact.
_ONE = 1 << 16
_SIZES = (3, 4, 5)
_LONGEST = 32  # Longer words are cut into pieces, so that one feature list stays small.

# Han and Kana have no spaces between words: each character counts as one. Marks that Indic and Thai words need are not "\w".
_WORD = (
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
    r"|(?:(?![_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])[\w\u0300-\u036f\u0900-\u0963\u0966-\u0dff\u0e00-\u0eff])+"
)
_PLAIN = re.compile(r"[a-z0-9]+")

Pattern = tuple[tuple[int, int], ...]


def embed(texts: Iterable[str | Sequence[int]], dimensions: int = DIMENSIONS) -> list[array[float]]:
    """Turn each text into one vector of length 1.

    Parameters
    ----------
    texts:
        Texts, or lists of token ids; each id counts as one word.
    dimensions:
        How many components a vector has, at least 1.

    Returns
    -------
    list[array[float]]
        One ``array("f")`` of ``dimensions`` float32 for each text, in order. An empty text has a fixed vector of its own.
    """
    if dimensions < 1:
        raise ValueError(f"dimensions must be at least 1, not {dimensions}")
    return [_vector(_counted(text), dimensions) for text in texts]


def words(text: str) -> list[str]:
    """The words of a text: NFKC, case folded, cut at everything that is not a letter, a digit or a mark.

    A text without any has its visible characters instead, so that signs and emoji are told apart.
    """
    if text.isascii():
        found = _PLAIN.findall(text.lower())
    else:
        text = normalize("NFKC", normalize("NFKC", text).casefold())
        found = re.findall(_WORD, text)  # compiled when it is first needed: this takes milliseconds
    if not found:
        return [character for character in text if not character.isspace()]
    if max(map(len, found)) > _LONGEST:
        found = [word[at : at + _LONGEST] for word in found for at in range(0, len(word), _LONGEST)]
    return found


def count(text: str | Sequence[int]) -> int:
    """The size of one input in ``usage``: its words, or its token ids."""
    return len(words(text)) if isinstance(text, str) else len(text)


def _counted(text: str | Sequence[int]) -> Counter[str]:
    if isinstance(text, str):
        return Counter(words(text))
    return Counter(f"\0{token}" for token in text)


def _vector(counted: Counter[str], dimensions: int) -> array[float]:
    """Add up the patterns of the words, each weighted by the square root of its count."""
    sums = [0] * dimensions
    for word, times in counted.items():
        if times == 1:
            for index, weight in _pattern(word, dimensions):
                sums[index] += weight
        else:
            scale = isqrt(times << 32)  # The square root of the count, times 2 ** 16.
            for index, weight in _pattern(word, dimensions):
                sums[index] += weight * scale >> 16
    squares = sum([value * value for value in sums])
    if not squares:
        sums[_place("", dimensions)[0]] = squares = 1
    length = sqrt(squares)
    return array("f", [value / length for value in sums])


@lru_cache(maxsize=8192)
def _pattern(word: str, dimensions: int) -> Pattern:
    """What one word adds to which components: half its energy for the word, half for its n-grams."""
    grams = _grams(word)
    # A short word says less than a long one: "a", "of" and "the" would otherwise draw all texts together.
    whole = _ONE * min(len(word) + 1, 6) // 6 if word[0] != "\0" else _ONE
    sums: dict[int, int] = {}
    for feature, weight in [(word, whole), *((gram, isqrt(whole * whole // len(grams))) for gram in grams)]:
        index, sign = _place(feature, dimensions)
        sums[index] = sums.get(index, 0) + sign * weight
    return tuple(sums.items())


def _grams(word: str) -> list[str]:
    """The n-grams of a word between boundary marks; control characters, which no word holds, keep them apart from words."""
    if word[0] == "\0":
        return []
    marked = f"\2{word}\3"
    return [marked[at : at + size] for size in _SIZES for at in range(len(marked) - size + 1)]


def _place(feature: str, dimensions: int) -> tuple[int, int]:
    """The component of a feature and its sign, from 64 bits of its hash."""
    digest = blake2b(feature.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    value = int.from_bytes(digest, "little")
    return (value >> 1) % dimensions, 1 if value & 1 else -1
