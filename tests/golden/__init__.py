"""Figures that the reference code gives, as JSON beside this file."""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# Real pairs lie beside the checkout on a development machine; a test that needs them is skipped elsewhere.
SHARED = HERE.parents[2] / "shared"


def load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((HERE / name).read_text())["cases"]
    return cases
