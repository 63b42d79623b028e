"""docs/library.md and the docstrings of the library: every example runs."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from fusion_core.api import fuse, loss, measure

ROOT = Path(__file__).parents[1]
EXAMPLES = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "library.md").read_text(), flags=re.S)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_of_the_page_runs(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sweeps").symlink_to(ROOT / "sweeps")
    exec(compile(EXAMPLES[number], "library.md", "exec"), {})  # noqa: S102 - our own page
    assert number < 3 or (tmp_path / "runs" / "demo" / "report.html").exists()


@pytest.mark.parametrize("module", [fuse, loss, measure])
def test_the_examples_of_the_docstrings_run(module: object) -> None:
    found = doctest.testmod(module)  # type: ignore[arg-type]
    assert found.attempted > 0 and found.failed == 0
