"""Model files: parameters as JSON, with a format version and a content hash. Never a pickle."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sales_consultant.scoring.core import ModelFileError
from sales_consultant.scoring.customers import ClusterModel, SegmentModel, ValueModel
from sales_consultant.scoring.deal_amounts import AmountModel
from sales_consultant.scoring.products import ProductModel
from sales_consultant.scoring.propensity import PopulationModel

if TYPE_CHECKING:
    from typing import TypeAlias

    AnyModel: TypeAlias = (
        AmountModel | ClusterModel | PopulationModel | ProductModel | SegmentModel | ValueModel
    )

# Raised where a file of before could no longer be read as it was meant; such a one is refused, and trained anew.
FORMAT_VERSION = 2
FILE = "model.json"


def _text(content: Any) -> bytes:
    """The one spelling of a document that is hashed and saved."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=1).encode()


def digest(model: AnyModel) -> str:
    """The content hash of a model: SHA-256 of its JSON form, 64 hex digits."""
    return hashlib.sha256(_text(_plain(model.to_dict()))).hexdigest()


def _plain(value: Any) -> Any:
    """The document as JSON gives it back (tuples are lists, keys are text)."""
    return json.loads(json.dumps(value, allow_nan=False))


def save(model: AnyModel, folder: Path) -> str:
    """Write a model into a folder (made if need be) and give its content hash.

    The file is replaced as a whole: a reader sees the old model or the new one.
    """
    content = _plain(model.to_dict())
    content_digest = hashlib.sha256(_text(content)).hexdigest()
    document = {
        "format_version": FORMAT_VERSION,
        "kind": _kind(model),
        "sha256": content_digest,
        "model": content,
    }
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f"{FILE}.part"
    with draft.open("wb") as out:
        out.write(_text(document))
        out.flush()
        os.fsync(out.fileno())
    draft.replace(folder / FILE)
    return content_digest


def _kind(model: AnyModel) -> str:
    return type(model).__name__


def of_this_format(folder: Path) -> bool:
    """Whether a folder holds a model that this program reads; one of an older release is trained anew."""
    try:
        return bool(json.loads((folder / FILE).read_bytes())["format_version"] == FORMAT_VERSION)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def load(folder: Path) -> AnyModel:
    """Read the model of a folder; one of another format version, damaged or altered is refused."""
    path = folder / FILE
    try:
        document = json.loads(path.read_bytes())
        version = document["format_version"]
    except FileNotFoundError as error:
        raise ModelFileError(f"there is no model in {folder.name!r} ({FILE} is missing): train it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{FILE} in {folder.name!r} is not a model file: train it again") from error
    if version != FORMAT_VERSION:
        raise ModelFileError(
            f"{FILE} in {folder.name!r} has format version {version}, this program reads {FORMAT_VERSION}: "
            "train it again, or use the program that wrote it"
        )
    content = document.get("model")
    if hashlib.sha256(_text(content)).hexdigest() != document.get("sha256"):
        raise ModelFileError(
            f"{FILE} in {folder.name!r} was changed after it was saved (its hash differs): train it again"
        )
    return _build(str(document.get("kind")), content, folder)


def _build(kind: str, content: dict[str, Any], folder: Path) -> AnyModel:
    if kind == "PopulationModel":
        return PopulationModel.from_dict(content)
    if kind == "ValueModel":
        return ValueModel.from_dict(content)
    if kind == "SegmentModel":
        return SegmentModel.from_dict(content)
    if kind == "AmountModel":
        return AmountModel.from_dict(content)
    if kind == "ProductModel":
        return ProductModel.from_dict(content)
    if kind == "ClusterModel":
        return ClusterModel.from_dict(content)
    raise ModelFileError(f"{FILE} in {folder.name!r} is of an unknown kind, {kind!r}")
