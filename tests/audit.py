"""Known vulnerabilities of the installed packages: `python -m tests.audit`. Says where the service cannot be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

SECONDS = 180
COMMAND = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]


def verdict(output: str, complaint: str) -> tuple[int, list[str]]:
    """Return the exit code and what to say of pip-audit's JSON: 1 where something is known of a package, else 0."""
    try:
        packages: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (complaint.strip().splitlines() or ["it said nothing"])[-1]
        return 0, [f"audit: NOTHING WAS CHECKED, since the vulnerability service could not be asked: {last[:200]}"]
    checked = [package for package in packages if "vulns" in package]
    if not checked:
        reason = packages[0].get("skip_reason", "no reason was given") if packages else "no packages"
        return 0, [f"audit: NOTHING WAS CHECKED, since the vulnerability service knows no package here: {reason}"]
    known = [
        f"audit: {package['name']} {package['version']}: {flaw['id']}, "
        f"{'fixed in ' + ', '.join(flaw['fix_versions']) if flaw.get('fix_versions') else 'not fixed yet'}"
        for package in checked
        for flaw in package["vulns"]
    ]
    rest = f"; {len(packages) - len(checked)} could not be checked" if len(packages) > len(checked) else ""
    return int(bool(known)), [*known, f"audit: {len(checked)} packages checked, {len(known)} known flaws{rest}"]


def main() -> None:
    try:
        done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=SECONDS)
        output, complaint = done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        output, complaint = "", f"no answer within {SECONDS} s"
    code, lines = verdict(output, complaint)
    print(*lines, sep="\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
