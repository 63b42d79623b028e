"""Types and style of the pages' scripts: `python -m tests.scripts`. Says where they could not be checked."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / "node_modules" / ".bin"
SECONDS = 180
INSTALL = ["ci", "--silent", "--no-fund", "--no-audit"]
CHECKS = (["tsc", "--project", "."], ["biome", "check", "--error-on-warnings"])


def main() -> None:
    npm = shutil.which("npm") if shutil.which("node") else None
    if npm is None:
        print("scripts: NOTHING WAS CHECKED, since there is no Node here")
        return
    problem = _install(npm)
    if problem:
        print(f"scripts: NOTHING WAS CHECKED, since typescript and biome could not be installed: {problem[:200]}")
        return
    found = [subprocess.run([BIN / name, *rest], cwd=ROOT, check=False).returncode for name, *rest in CHECKS]
    sys.exit(int(any(found)))


def _install(npm: str) -> str:
    """Install what package-lock.json pins, where it is not there yet; return why it could not be done, or nothing."""
    installed, wanted = ROOT / "node_modules" / ".package-lock.json", ROOT / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= wanted.stat().st_mtime:
        return ""
    try:
        done = subprocess.run([npm, *INSTALL], cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return str(problem)
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["npm said nothing"])[-1]


if __name__ == "__main__":
    main()
