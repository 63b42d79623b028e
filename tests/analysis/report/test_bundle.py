"""The modules of a page's scripts, put into one script."""

import re
from pathlib import Path

import pytest

from analysis.report.bundle import bundle, module
from analysis.report.figures.registry import PARTS
from analysis.report.html import TEMPLATES

ENTRIES = ["page/controls.js", "compare/compare.js", *(f"figures/{name}.js" for name in PARTS)]
MODULES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.js"))
CLASSIC = ["page/reload.js", "page/theme.js"]


def folder(root: Path, **files: str) -> Path:
    for name, text in files.items():
        (root / f"{name}.js").write_text(text, encoding="utf-8")
    return root


def test_what_a_module_imports_runs_once_and_before_it(tmp_path: Path) -> None:
    root = folder(
        tmp_path,
        a='import { c } from "./c.js";\nexport const a = c;\n',
        b='import { a } from "./a.js";\nimport {\n  c,\n} from "./c.js";\nuse(a, c);\n',
        c="// said of c\nexport const c = 1;\nexport async function later() {}\n",
    )
    assert bundle(root, ["b.js", "a.js"]).splitlines() == [
        '"use strict";',
        "window.fusionReport = {};",
        'fusionReport["c.js"] = (() => {', "const c = 1;", "async function later() {}", "return { c, later };", "})();",
        'fusionReport["a.js"] = (() => {',
        'const { c } = fusionReport["c.js"];', "const a = c;", "return { a };", "})();",
        'fusionReport["b.js"] = (() => {', 'const { a } = fusionReport["a.js"];', 'const { c } = fusionReport["c.js"];',
        "use(a, c);", "return {  };", "})();",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": 'import { b } from "./b.js";\n'}, "b.js: a module must be a file of"),
        ({"a": 'import { b } from "./b.js";\n', "b": "const b = 1;\n"}, r"must be exported by b.js, but got \['b'\]"),
        ({"a": 'import { b } from "./a.js";\n'}, "must not import in a circle, but got a.js -> a.js"),
        (
            {"a": 'import { b } from "./b.js";\n', "b": 'import { a } from "./a.js";\nexport const b = 1;\n'},
            "must not import in a circle, but got a.js -> b.js -> a.js",
        ),
        ({"a": 'import "./b.js";\n'}, "of a form that bundle.py knows, but got 'import \"./b.js\";'"),
        ({"a": "export default 1;\n"}, "of a form that bundle.py knows, but got 'export default 1;'"),
        ({"a": "export let a = 1;\n"}, "of a form that bundle.py knows, but got 'export let a = 1;'"),
    ],
)
def test_what_cannot_be_bundled_is_an_error(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bundle(folder(tmp_path, **files), ["a.js"])


def test_every_script_of_the_templates_is_part_of_a_page() -> None:
    bundled = bundle(TEMPLATES, ENTRIES)
    there = re.findall(r'^fusionReport\["(.*)"\] =', bundled, re.MULTILINE)
    assert sorted([*there, *CLASSIC]) == MODULES


def test_no_module_imports_the_script_of_a_figure_whose_section_may_be_missing() -> None:
    figures = {f"figures/{name}.js" for name in PARTS}
    assert [name for name in MODULES if figures & module(TEMPLATES, name).imports.keys()] == []
