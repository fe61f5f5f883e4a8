"""What a file is that is not ours, by its first bytes, and what to do about it."""

from __future__ import annotations

SAVE_AGAIN = "save the network from Pellucid: net.save('name.safetensors')"
STATE_DICT = "give it the suffix of what it is; weights alone: net.load_weights(path)"

KNOWN: tuple[tuple[bytes, str, str], ...] = (  # first bytes, what it is, what to do
    (b"PK\x03\x04", "a zip archive, such as PyTorch's .pt, Keras's .keras or NumPy's .npz", STATE_DICT),
    (b"\x80\x02", "a Python pickle, such as an old PyTorch .pt: opening it could run code", STATE_DICT),
    (b"\x80\x03", "a Python pickle: opening it could run code", STATE_DICT),
    (b"\x80\x04", "a Python pickle: opening it could run code", STATE_DICT),
    (b"\x80\x05", "a Python pickle: opening it could run code", STATE_DICT),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, such as Keras's .h5", STATE_DICT),
    *((bytes((8, version)), "an ONNX model", STATE_DICT) for version in range(1, 16)),
    (b"\x93NUMPY", "a NumPy array", STATE_DICT),
    (b"GGUF", "a GGUF model", STATE_DICT),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "fetch the file: git lfs pull"),
    (b"<", "a web page or XML", "download the file itself, not the page about it"),
    (b"{", "JSON text", SAVE_AGAIN),
    (b"\x89PNG", "an image", "give the network first, then the image"),
    (b"\xff\xd8\xff", "an image", "give the network first, then the image"),
    (b"GIF8", "an image", "give the network first, then the image"),
)


def recognize(head: bytes) -> tuple[str | None, str]:
    r"""Return what a file that starts with `head` is, or None, and what to do about it.

    >>> recognize(b"\x93NUMPY\x01\x00")[0]
    'a NumPy array'
    """
    for start, what, fix in KNOWN:
        if head.startswith(start):
            return what, fix
    return None, SAVE_AGAIN
