"""`.pt2` files: archives of torch.export.save, read by our own hands. PyTorch's own reader evaluates texts in them."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from ...errors import ModelFileError
from ...network import Network
from ..archive import Archive, opened_archive
from ..refusal import told
from ..strict_json import parse
from .graph import network
from .payloads import LARGEST_CONFIG, payloads
from .schema import program

WEIGHTS, CONSTANTS = "data/weights", "data/constants"


def load(path: Path, partial: bool) -> Network:
    """Open a `.pt2` file; PyTorch is not needed."""
    try:
        with opened_archive(path) as archive:
            root, model = _model(archive)
            tensors = payloads(archive, f"{root}/{CONSTANTS}", f"{model}_constants_config.json")
            tensors |= payloads(archive, f"{root}/{WEIGHTS}", f"{model}_weights_config.json")
            member = f"{root}/models/{model}.json"
            described = parse(archive.read(member, LARGEST_CONFIG), member)
            return network(program(described, tensors, path.stem), partial)
    except ModelFileError as error:
        raise told(error, path) from None


def _model(archive: Archive) -> tuple[str, str]:
    """Return the folder that everything is in, and the name of the only model."""
    names = archive.names
    if any("/code/" in f"/{name}" for name in names):
        _refuse("TorchScript", "export the module itself: torch.export.save(torch.export.export(module, (x,)), path)")
    if any(name.endswith("serialized_exported_program.json") for name in names):
        _refuse("an exported program of a PyTorch before 2.8", "open it there, export it in a newer one, and save that")
    root = names[0].split("/")[0] if names else ""
    found = [name.removeprefix(f"{root}/models/").removesuffix(".json") for name in names if "/models/" in name]
    if any(name.startswith(f"{root}/data/aotinductor/") for name in names):
        _refuse("a package that AOTInductor compiled, of machine code", "save the exported program instead")
    if len(found) != 1:
        _refuse(f"{len(found)} models", "save one exported program with torch.export.save")
    order = archive.read(f"{root}/byteorder", 64) if f"{root}/byteorder" in names else b"little"
    if order.strip() != b"little":
        _refuse(f"numbers in the order {order[:20]!r}", "save it on a little-endian machine")
    return root, found[0]


def _refuse(got: str, fix: str) -> NoReturn:
    raise ModelFileError("", got=got, expected="an exported program, as torch.export.save writes it", fix=fix)
