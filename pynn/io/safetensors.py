"""The safetensors format: 8 bytes of the header's length, a JSON header, the tensors' bytes.

The header has, per name, dtype, shape and the range of bytes behind the header; the ranges follow
each other without gaps.  https://github.com/huggingface/safetensors describes it.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

import pynn
from pynn._core import Tensor

DTYPES = {
    "F64": pynn.float64,
    "F32": pynn.float32,
    "BF16": pynn.bfloat16,
    "F16": pynn.float16,
    "I64": pynn.int64,
    "I32": pynn.int32,
    "I8": pynn.int8,
    "U8": pynn.uint8,
    "BOOL": pynn.bool,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}
LONGEST_HEADER = 100_000_000


def save_file(
    tensors: Mapping[str, Tensor],
    path: str | os.PathLike[str],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Writes named tensors; metadata are strings that the header keeps."""
    if not isinstance(tensors, Mapping):
        raise TypeError(
            f"save() takes named tensors such as a state_dict(), not {type(tensors).__name__}: "
            "save({'name': tensor}, path)"
        )
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    parts: list[np.ndarray] = []
    end = 0
    # The widest first, so that every tensor is aligned to its items.
    for name, tensor in sorted(tensors.items(), key=lambda item: (_width(*item), item[0])):
        data = _bytes(tensor)
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [end, end + data.nbytes],
        }
        end += data.nbytes
        parts.append(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    _write(Path(path), [struct.pack("<Q", len(text)), text, *(p.data for p in parts)])


def _width(name: object, tensor: object) -> int:
    if not isinstance(name, str) or name == "__metadata__":
        raise TypeError(f"a tensor's name is a string (and not '__metadata__'), not {name!r}")
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{name!r} is a {type(tensor).__name__}, not a Tensor")
    return -tensor.element_size()


def _bytes(tensor: Tensor) -> np.ndarray:
    flat = tensor.detach().contiguous().reshape(-1)
    array: np.ndarray = flat.view(pynn.uint8).numpy()
    return array


def _write(path: Path, parts: list[Any]) -> None:
    """The whole file or none: beside its place first, then renamed."""
    beside = path.with_name(f"{path.name}.{os.urandom(6).hex()}")
    try:
        with open(beside, "xb") as file:
            for part in parts:
                file.write(part)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def load_file(path: str | os.PathLike[str]) -> dict[str, Tensor]:
    """The named tensors of a file, each in memory of its own."""
    data = Path(path).read_bytes()
    header, start = _header(data, path)
    header.pop("__metadata__", None)
    found = {}
    end = 0
    for name, entry in sorted(header.items(), key=lambda item: _range(path, *item)):
        dtype, shape, (low, high) = _entry(path, name, entry)
        if low != end or start + high > len(data):
            raise _damaged(path, f"{name!r} lies at bytes {low} to {high}, expected at {end}")
        end = high
        flat = pynn.tensor(np.frombuffer(data, np.uint8, high - low, start + low))
        found[name] = flat.view(dtype).reshape(shape)
    if start + end != len(data):
        raise _damaged(path, f"{len(data) - start - end} bytes belong to no tensor")
    return found


def _damaged(path: str | os.PathLike[str], what: str) -> ValueError:
    return ValueError(f"{os.fspath(path)!r} is not a whole safetensors file: {what}")


def _header(data: bytes, path: str | os.PathLike[str]) -> tuple[dict[str, Any], int]:
    if len(data) < 8:
        raise _damaged(path, f"it has {len(data)} bytes")
    (length,) = struct.unpack_from("<Q", data)
    if length > min(LONGEST_HEADER, len(data) - 8):
        raise _damaged(path, f"a header of {length} bytes in a file of {len(data)}")
    try:
        header = json.loads(data[8 : 8 + length].decode())
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"its header is no JSON ({error})") from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header is no object")
    return header, 8 + length


def _range(path: str | os.PathLike[str], name: str, entry: Any) -> tuple[int, int]:
    _, _, (low, high) = _entry(path, name, entry)
    return low, high


def _entry(
    path: str | os.PathLike[str], name: str, entry: Any
) -> tuple[pynn.dtype, list[int], tuple[int, int]]:
    """dtype, shape and range of one tensor, checked against each other."""
    try:
        dtype = DTYPES[entry["dtype"]]
        shape = [_size(n) for n in entry["shape"]]
        low, high = (_size(n) for n in entry["data_offsets"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, f"the entry of {name!r} is {entry!r}") from error
    if high - low != prod(shape) * dtype.itemsize:
        raise _damaged(path, f"{name!r}: {entry['dtype']} of shape {shape} in {high - low} bytes")
    return dtype, shape, (low, high)


def _size(n: Any) -> int:
    if type(n) is not int or not 0 <= n < 2**63:
        raise ValueError(n)
    return n
