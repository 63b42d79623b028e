"""Puts the modules of a page's scripts into one script, so that a page needs no Node and no network.

A module is a file of the page's scripts. It imports names from others, `import { part, values } from
"../page/data.js";`, and exports some, `export function NAME`, `export const NAME` or `export class NAME`; no other form
is understood. Each module runs once, in a function of its own, after those that it imports. Its exports are in
`window.fusionReport` under its path, for the console and for tests.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^{}]*)\} from "([^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async function|function|const|class) (\w+))", re.MULTILINE)
_UNKNOWN = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)
# Comments on lines of their own: only readers of the source need them.
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
_REGISTRY = "fusionReport"


@dataclass(frozen=True)
class Module:
    """One file: its path, its imports from each other module, its exports, and its script."""

    path: str
    imports: dict[str, tuple[str, ...]]
    exports: tuple[str, ...]
    script: str


def bundle(root: Path, entries: Iterable[str]) -> str:
    """Return one script that runs the modules `entries` of the folder `root`, after their imports.

    Raises ValueError for a module that is missing or imports itself, a name that is not exported, or an unknown form.
    """
    found: dict[str, Module] = {}
    for entry in entries:
        _add(root, entry, (), found)
    for module in found.values():
        for path, names in module.imports.items():
            lacking = [name for name in names if name not in found[path].exports]
            if lacking:
                raise ValueError(f"{module.path}: what it imports must be exported by {path}, but got {lacking}")
    return "\n".join(['"use strict";', f"window.{_REGISTRY} = {{}};", *map(_as_function, found.values())])


def module(root: Path, path: str) -> Module:
    """Return one module of `root`. Raises ValueError if it is missing or has an unknown form."""
    try:
        script = (root / path).read_text(encoding="utf-8")
    except OSError as problem:
        raise ValueError(f"{path}: a module must be a file of {root}, but it cannot be read: {problem}") from problem
    imports: dict[str, tuple[str, ...]] = {}
    for names, where in _IMPORT.findall(script):
        other = posixpath.normpath(posixpath.join(posixpath.dirname(path), where))
        imports[other] = (*imports.get(other, ()), *(name.strip() for name in names.split(",") if name.strip()))
    exports = tuple(_EXPORT.findall(script))
    script = _COMMENT.sub("", _EXPORT.sub("", _IMPORT.sub("", script))).strip()
    unknown = _UNKNOWN.search(script)
    if unknown:
        raise ValueError(f"{path}: an import or export must be of a form that bundle.py knows, but got {unknown[0]!r}")
    return Module(path, imports, exports, script)


def _add(root: Path, path: str, above: tuple[str, ...], found: dict[str, Module]) -> None:
    """Add a module after those that it imports."""
    if path in above:
        raise ValueError(f"modules must not import in a circle, but got {' -> '.join((*above, path))}")
    if path in found:
        return
    one = module(root, path)
    for other in one.imports:
        _add(root, other, (*above, path), found)
    found[path] = one


def _as_function(one: Module) -> str:
    taken = [f'const {{ {", ".join(names)} }} = {_REGISTRY}["{path}"];' for path, names in one.imports.items()]
    given = f"return {{ {', '.join(one.exports)} }};"
    return "\n".join([f'{_REGISTRY}["{one.path}"] = (() => {{', *taken, one.script, given, "})();"])
