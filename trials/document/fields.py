"""The allowed sections, fields and axes of a sweep file, derived from the configuration models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from fusion_core.config import TrialConfig

Models = tuple[type[BaseModel], ...]


def models_of(annotation: Any) -> Models:
    """Return the models that a value of this type may be, looking through unions, Annotated and tuples."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return (annotation,)
    if get_origin(annotation) is dict:
        return ()
    return tuple(model for part in get_args(annotation) for model in models_of(part))


def _models_in_table(annotation: Any) -> Models:
    """Return the models that the values of a table may be; empty if it is not a table or holds plain values."""
    return models_of(get_args(annotation)[1]) if get_origin(annotation) is dict else ()


def kind_of(model: type[BaseModel]) -> str | None:
    """Return the `kind` that identifies a member of a union; None if several kinds are possible."""
    field = model.model_fields.get("kind")
    return str(field.default) if field and len(get_args(field.annotation)) == 1 else None


def narrowed(models: Models, kinds: Iterable[object]) -> Models:
    """Return the members of a union that `kinds` names, or all if it names none."""
    named = {kind for kind in kinds if isinstance(kind, str)}
    return tuple(model for model in models if kind_of(model) in named) or models


def models_at(root: type[BaseModel], path: Sequence[str | int], data: Any) -> Models:
    """Return the models that the section at `path` of `data` may be; empty for a free-form section or a plain value."""
    models: Models = (root,)
    named: Models = ()
    for key in path:
        data = _below(data, key)
        if isinstance(key, int):
            continue
        if named:  # a user-defined key
            models, named = named, ()
            continue
        annotations = [model.model_fields[key].annotation for model in models if key in model.model_fields]
        models = tuple(found for annotation in annotations for found in models_of(annotation))
        named = tuple(found for annotation in annotations for found in _models_in_table(annotation))
        if isinstance(data, dict):
            models = narrowed(models, [data.get("kind")])
    return models


def field_names(models: Models) -> list[str]:
    """Return the keys that a section of these models may have, in the order they are declared."""
    return list(dict.fromkeys(name for model in models for name in model.model_fields))


def tuple_length(models: Models, name: str) -> int:
    """Return the length of a fixed-length field; 0 for other fields."""
    for model in models:
        annotation = model.model_fields[name].annotation if name in model.model_fields else None
        for part in (annotation, *get_args(annotation)):
            if get_origin(part) is tuple and ... not in get_args(part):
                return len(get_args(part))
    return 0


def leaves(model: type[BaseModel] = TrialConfig, prefix: str = "") -> dict[str, Models]:
    """Return every dotted path that holds a plain value, and the models that own it (several in a union)."""
    found: dict[str, Models] = {}
    for name, field in model.model_fields.items():
        below = models_of(field.annotation)
        if not below:
            found[prefix + name] = (model,)
        for section in below:
            for path, owners in leaves(section, f"{prefix}{name}.").items():
                found[path] = (*found.get(path, ()), *owners)
    return found


def with_default_kinds(data: Any) -> Any:
    """Return a trial's data with the `kind` of a union written out if it is left to the default."""
    if not isinstance(data, dict):
        return data
    filled = dict(data)
    for name, field in TrialConfig.model_fields.items():
        kind = getattr(field.default, "kind", None)
        if kind and isinstance(filled.get(name), dict):
            filled[name] = {"kind": kind, **filled[name]}
    return filled


def _below(data: Any, key: str | int) -> Any:
    if isinstance(data, dict) and isinstance(key, str):
        return data.get(key)
    if isinstance(data, list | tuple) and isinstance(key, int) and key < len(data):
        return data[key]
    return None
