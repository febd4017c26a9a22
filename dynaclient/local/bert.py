"""A BERT encoder in numpy: token ids in, one vector of length 1 for each text out. The only door to numpy and safetensors here; needs the extra ``model``.

The usual encoder (Devlin et al., 2019, layer norm behind each half) with the exact GELU, then the mean of the last layer over the tokens of a text and a division by its
length, as sentence-transformers pools. Everything is float32; products of matrices are left to numpy's BLAS, which uses all cores.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from dynaclient.frozen import Struct

Floats = NDArray[np.float32]

_TOKENS = (
    768  # What is computed at once, padding included: small enough that the intermediate values stay in the caches.
)
_BLOCK = 16_384  # Numbers that stay in the nearest cache while one function after the other is applied to them.

# erf(x) = tanh(x P(x²)) for |x| <= 4, P of degree 6, fitted for the smallest greatest error: 6e-8, and twice that where the arithmetic is float32.
_ERF = (1.12837971, 0.102765482, -0.000184385046, -0.000625718136, 8.97119184e-05, -5.98555432e-06, 1.58950362e-07)
_ERF_END = 4.0  # From here on erf is 1, but for 2e-8.


class Sizes(Struct, frozen=True):
    """What ``config.json`` says of an encoder.

    Parameters
    ----------
    layers, heads:
        How many layers, and how many heads the attention of each has.
    epsilon:
        What layer norm adds to the variance.
    positions:
        The longest text, in tokens.
    """

    layers: int
    heads: int
    epsilon: float
    positions: int


class Layer(Struct, frozen=True):
    """The weights of one layer, matrices as they are multiplied from the right: (in, out)."""

    attend: tuple[Floats, Floats]
    """Query (divided by the square root of a head's size), key and value side by side; and their biases."""
    gather: tuple[Floats, Floats]
    norm: tuple[Floats, Floats]
    widen: tuple[Floats, Floats]
    narrow: tuple[Floats, Floats]
    last_norm: tuple[Floats, Floats]


class Bert:
    """An encoder whose weights are in memory; safe to share between threads.

    Parameters
    ----------
    folder:
        Holds ``config.json`` and ``model.safetensors``.

    Raises
    ------
    OSError
        Where a file cannot be read.
    ValueError
        Where the files are not those of a BERT encoder with GELU.
    """

    def __init__(self, folder: Path) -> None:
        self.sizes = _sizes(folder / "config.json")
        try:
            tensors = load_file(folder / "model.safetensors")
            self._words = _matrix(tensors, "embeddings.word_embeddings.weight")
            places = _matrix(tensors, "embeddings.position_embeddings.weight")
            self._places = places + _matrix(tensors, "embeddings.token_type_embeddings.weight")[0]
            self._norm = _pair(tensors, "embeddings.LayerNorm")
            self._layers = tuple(_layer(tensors, number, self.sizes.heads) for number in range(self.sizes.layers))
        except SafetensorError as error:
            raise ValueError(f"{folder / 'model.safetensors'} is damaged: {error}") from None
        except KeyError as error:
            raise ValueError(f"{folder / 'model.safetensors'} has no tensor {error}") from None

    @property
    def words(self) -> int:
        """How many token ids there are."""
        return len(self._words)

    def encode(self, texts: Sequence[Sequence[int]]) -> Floats:
        """One vector for each text.

        Texts of like length are computed together, so that little is spent on padding; neighbours change a vector by rounding only (about 1e-7).

        Parameters
        ----------
        texts:
            The token ids of each, at least one and at most ``sizes.positions``, each below ``words``.

        Returns
        -------
        NDArray[np.float32]
            (texts, hidden), each row of length 1.
        """
        vectors: Floats = np.empty((len(texts), self._words.shape[1]), np.float32)
        for batch in batches([len(text) for text in texts]):
            lengths = np.array([len(texts[number]) for number in batch])
            tokens = np.zeros((len(batch), lengths.max()), np.intp)
            for row, number in enumerate(batch):
                tokens[row, : lengths[row]] = texts[number]
            vectors[batch] = self._encode(tokens, lengths)
        return vectors

    def _encode(self, tokens: NDArray[np.intp], lengths: NDArray[np.intp]) -> Floats:
        """The vectors of one batch; ``tokens`` (texts, longest), zeros behind the ends."""
        count, longest = tokens.shape
        there = np.arange(longest) < lengths[:, None]
        full = bool(there.all())
        # What is added to the scores: nothing, or for the padding so much that its share is exactly 0.
        mask = None if full else np.where(there, np.float32(0), np.float32(-1e30))[:, None, None, :]
        hidden = (self._words[tokens] + self._places[:longest]).reshape(count * longest, -1)
        hidden = _normed(hidden, self._norm, self.sizes.epsilon)
        for layer in self._layers:
            heard = _attention(hidden, layer, count, self.sizes.heads, mask)
            hidden = _normed(_dense(heard, layer.gather) + hidden, layer.norm, self.sizes.epsilon)
            wide = gelu(_dense(hidden, layer.widen))
            hidden = _normed(_dense(wide, layer.narrow) + hidden, layer.last_norm, self.sizes.epsilon)
        hidden = hidden.reshape(count, longest, -1)
        if not full:
            hidden *= there[:, :, None]
        means = hidden.sum(1) / lengths[:, None].astype(np.float32)
        norms = np.sqrt(np.einsum("ij,ij->i", means, means))[:, None]
        vectors: Floats = means / np.maximum(norms, np.float32(1e-12))
        return vectors


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """The numbers of the texts that are computed together: of like length, and at most 768 tokens with the padding; a longer text alone."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[number] > _TOKENS:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch


def gelu(values: Floats) -> Floats:
    """``x / 2 (1 + erf(x / √2))``, in place.

    Parameters
    ----------
    values:
        Any shape, contiguous.
    """
    flat = values.reshape(-1)
    share, spare = np.empty((2, min(_BLOCK, flat.size)), np.float32)
    for at in range(0, flat.size, _BLOCK):
        block = flat[at : at + _BLOCK]
        part = share[: block.size]
        np.multiply(block, np.float32(0.5**0.5), out=part)
        _erf(part, spare[: block.size])
        part += np.float32(1)
        block *= part
        block *= np.float32(0.5)
    return values


def erf(values: NDArray[Any]) -> NDArray[Any]:
    """The error function, as `gelu` uses it: its greatest error is 6e-8 in float64 and 1.5e-7 in float32."""
    found = np.array(values)
    _erf(found, np.empty_like(found))
    return found


def _erf(values: NDArray[Any], spare: NDArray[Any]) -> None:
    """In place; ``spare`` has the shape of ``values``."""
    kind = values.dtype.type
    np.clip(values, kind(-_ERF_END), kind(_ERF_END), out=values)
    square = values * values
    np.multiply(square, kind(_ERF[-1]), out=spare)
    for factor in _ERF[-2:0:-1]:
        spare += kind(factor)
        spare *= square
    spare += kind(_ERF[0])
    values *= spare
    np.tanh(values, out=values)


def _attention(hidden: Floats, layer: Layer, count: int, heads: int, mask: Floats | None) -> Floats:
    """What each token hears of the others of its text; ``hidden`` and the result: (texts x longest, hidden)."""
    whole = hidden.shape[1]
    parts = _dense(hidden, layer.attend).reshape(count, -1, 3, heads, whole // heads)
    query, key, value = (
        parts[:, :, number].transpose(0, 2, 1, 3) for number in range(3)
    )  # (texts, heads, longest, size)
    scores = query @ key.swapaxes(2, 3)
    if mask is not None:
        scores += mask
    scores -= scores.max(-1, keepdims=True)
    np.exp(scores, out=scores)
    heard: Floats = np.matmul(scores, value)
    heard /= scores.sum(-1, keepdims=True)
    return heard.transpose(0, 2, 1, 3).reshape(hidden.shape)


def _dense(values: Floats, weights: tuple[Floats, Floats]) -> Floats:
    found = values @ weights[0]
    found += weights[1]
    return found


def _normed(values: Floats, weights: tuple[Floats, Floats], epsilon: float) -> Floats:
    """Layer norm, in place."""
    values -= values.mean(1, keepdims=True)
    variance = np.einsum("ij,ij->i", values, values)[:, None] / np.float32(values.shape[1])
    values /= np.sqrt(variance + np.float32(epsilon))
    values *= weights[0]
    values += weights[1]
    return values


def _sizes(path: Path) -> Sizes:
    try:
        said = json.loads(path.read_bytes())
        kind = (said["model_type"], said["hidden_act"])
        found = Sizes(
            layers=int(said["num_hidden_layers"]),
            heads=int(said["num_attention_heads"]),
            epsilon=float(said["layer_norm_eps"]),
            positions=int(said["max_position_embeddings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} does not describe an encoder: {type(error).__name__}, {error}") from None
    if kind != ("bert", "gelu"):
        raise ValueError(f"{path} describes another encoder than BERT with GELU: {kind[0]}, {kind[1]}")
    return found


def _layer(tensors: Mapping[str, Any], number: int, heads: int) -> Layer:
    at = f"encoder.layer.{number}."
    query, key, value = (_dense_pair(tensors, f"{at}attention.self.{part}") for part in ("query", "key", "value"))
    scale = np.float32((query[0].shape[1] // heads) ** -0.5)
    return Layer(
        attend=(
            np.hstack([query[0] * scale, key[0], value[0]]),
            np.hstack([query[1] * scale, key[1], value[1]]),
        ),
        gather=_dense_pair(tensors, f"{at}attention.output.dense"),
        norm=_pair(tensors, f"{at}attention.output.LayerNorm"),
        widen=_dense_pair(tensors, f"{at}intermediate.dense"),
        narrow=_dense_pair(tensors, f"{at}output.dense"),
        last_norm=_pair(tensors, f"{at}output.LayerNorm"),
    )


def _dense_pair(tensors: Mapping[str, Any], name: str) -> tuple[Floats, Floats]:
    weight, bias = _pair(tensors, name)
    return np.ascontiguousarray(weight.T), bias


def _pair(tensors: Mapping[str, Any], name: str) -> tuple[Floats, Floats]:
    return _matrix(tensors, f"{name}.weight"), _matrix(tensors, f"{name}.bias")


def _matrix(tensors: Mapping[str, Any], name: str) -> Floats:
    found: Floats = np.ascontiguousarray(tensors[name], np.float32)
    return found
