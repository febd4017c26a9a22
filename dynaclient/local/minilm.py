"""A sentence model at work: texts to token ids to vectors. The only door to tokenizers here; needs the extra ``model``."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from tokenizers import Tokenizer

from dynaclient.local.bert import Bert
from dynaclient.local.models import Made
from dynaclient.local.weights import Package, home


class SentenceModel:
    """A model in memory; safe to share between threads.

    Parameters
    ----------
    folder:
        Holds ``config.json``, ``tokenizer.json`` and ``model.safetensors``.
    longest:
        How many tokens of a text are read, the marks at its ends included.

    Raises
    ------
    OSError
        Where a file cannot be read.
    ValueError
        Where the files are not those of such a model.
    """

    def __init__(self, folder: Path, longest: int) -> None:
        self._bert = Bert(folder)
        self._tokenizer = _tokenizer(folder / "tokenizer.json")
        marks = self._tokenizer.encode("").ids
        if len(marks) != 2 or self._tokenizer.get_vocab_size() > self._bert.words:
            raise ValueError(f"{folder / 'tokenizer.json'} does not belong to the weights beside it")
        self._begin, self._end = marks
        self._longest = min(longest, self._bert.sizes.positions)

    @property
    def words(self) -> int:
        """How many token ids there are."""
        return self._bert.words

    def make(self, inputs: Sequence[str | Sequence[int]]) -> Made:
        """Vectors of length 1, of texts or of lists of token ids.

        What is longer than the model reads is cut at its end, and told. Token ids get the marks at their ends where they have none.

        Parameters
        ----------
        inputs:
            Each a text, or token ids below `words`.
        """
        encoded = iter(self._tokenizer.encode_batch([one for one in inputs if isinstance(one, str)]))
        whole = [next(encoded).ids if isinstance(one, str) else self._marked(one) for one in inputs]
        cut = [ids if len(ids) <= self._longest else [*ids[: self._longest - 1], self._end] for ids in whole]
        return Made(
            vectors=[array("f", row.tobytes()) for row in self._bert.encode(cut)],
            tokens=sum(map(len, cut)),
            truncated=tuple(number for number, ids in enumerate(whole) if len(ids) > self._longest),
        )

    def _marked(self, ids: Sequence[int]) -> list[int]:
        if len(ids) > 1 and ids[0] == self._begin and ids[-1] == self._end:
            return list(ids)
        return [self._begin, *ids, self._end]


def _tokenizer(path: Path) -> Tokenizer:
    text = path.read_text("utf-8")
    try:
        found = Tokenizer.from_str(text)
    except Exception as error:  # noqa: BLE001 - the library raises nothing more special
        raise ValueError(f"{path} is no tokenizer: {error}") from None
    # The file brings a padding and a cut to 128 tokens, which are those of its training.
    found.no_padding()
    found.no_truncation()
    return found


_LOADED: dict[Path, SentenceModel] = {}
_LOADING = Lock()


def loaded(package: Package) -> SentenceModel:
    """The model of a package, which is read when it is first asked for (0.1 s) and then kept.

    Raises
    ------
    OSError, ValueError
        As `SentenceModel`.
    """
    folder = home(package)
    with _LOADING:
        if folder not in _LOADED:
            _LOADED[folder] = SentenceModel(folder, package.tokens)
        return _LOADED[folder]
