"""A model as a file that another org's installation takes in. Only models: a journal belongs to one org for good."""

import json
from pathlib import Path

from sales_consultant.config.errors import MachineError, UsageError
from sales_consultant.scoring import model_file
from sales_consultant.scoring.core import ModelFileError
from sales_consultant.sync.models import registry
from sales_consultant.sync.models import registry as models
from sales_consultant.sync.results import ModelExport, ModelImport
from sales_consultant.sync.stores import State

FORMAT = "sales-consultant model 1"


def export(state: State, folder: Path, digest: str, path: Path) -> ModelExport:
    """Write a model with its card to a file; UsageError for an unknown one, or one whose folder is lost.

    It holds names of fields and values as the org spells them, and counts; no record, no org and nothing of a journal.
    """
    matching = [m for m in registry.index(state) if digest and m["digest"].startswith(digest)]
    if len(matching) != 1:
        what = "No model's digest starts" if not matching else f"{len(matching)} models' digests start"
        raise UsageError(f'{what} with "{digest}".', action="Next: sales-consultant models list")
    (m,) = matching
    if not model_file.of_this_format(folder / m["digest"]):
        raise UsageError(
            f"The file of the model {m['digest'][:12]} is lost or of another release.",
            action="Train it again.",
        )
    document = {
        "format": FORMAT,
        **{k: m[k] for k in ("name", "kind", "digest", "verdict", "as_of", "report")},
        "model": json.loads((folder / m["digest"] / model_file.FILE).read_bytes()),
    }
    try:
        part = path.with_name(f"{path.name}.part")
        part.touch(mode=0o600)
        part.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        part.replace(path)
    except OSError as e:
        raise MachineError(
            f"The model cannot be written to {path}: {e.strerror}.", action="Choose another file."
        ) from e
    return ModelExport(str(path), m["name"], m["digest"])


def take(state: State, folder: Path, path: Path, *, now: int, publish: bool, name: str = "") -> ModelImport:
    """Take a model in from a file; with `publish` it is in force from the next run on, in place of the one before.

    `name` puts it under another population of this org. UsageError for what is no such file, or was changed.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise UsageError(f"{path} is of another format.", action="Export it again with this release.")
        own, card = str(document["digest"]), dict(document["report"])
        kind, verdict, as_of = str(document["kind"]), str(document["verdict"]), int(document["as_of"])
        called = name or str(document["name"])
        text = json.dumps(document["model"])
    except OSError as e:
        raise UsageError(f"{path} cannot be read: {e.strerror}.", action="Check the path.") from e
    except (ValueError, KeyError, TypeError) as e:
        raise UsageError(f"{path} is not an exported model.", action="Make one with: models export") from e
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / ".taken"
    place.mkdir(exist_ok=True)
    (place / model_file.FILE).write_text(text, encoding="utf-8")
    try:
        # Read as any model is: what was altered, or is of another release, is refused before it counts.
        model = model_file.load(place)
        if model_file.digest(model) != own:
            raise UsageError(f"{path} was changed after it was exported.", action="Export it again.")
        digest = registry.keep(model, folder)
    except ModelFileError as e:
        raise UsageError(f"{path}: {e}", action="Export it again with this release.") from e
    finally:
        (place / model_file.FILE).unlink(missing_ok=True)
        place.rmdir()
    card = {**card, "taken_from": path.name}
    models.enter(state, digest, called, kind, verdict, card, as_of, now, publish=publish)
    return ModelImport(called, digest, publish)
