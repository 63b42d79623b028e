"""A node killed in the middle of a sweep, one that joins late, and the head lost, on a cluster of this machine.

`python -m tests.chaos.nodes [--trials 30] [--case two|three|late|head]`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.chaos.sweeps import SPY, SYNTHETIC, Chaos, arithmetic, compare, table_row

EPOCHS = 3


class Machines:
    """A cluster of a head without cores and `nodes` of one core each, in processes of this one."""

    def __init__(self, nodes: int, log: Path) -> None:
        # What the workers inherit: a test may not need the token of the user's own clusters.
        os.environ |= {"RAY_AUTH_MODE": "disabled", "PYTHONPATH": str(SPY), "CHAOS_LOG": str(log)}
        from ray.cluster_utils import Cluster

        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        self.nodes: list[Any] = [self.join() for _ in range(nodes)]

    def join(self) -> Any:
        return self.cluster.add_node(num_cpus=1)

    def kill(self, node: Any) -> None:
        self.cluster.remove_node(node, allow_graceful=False)

    def __enter__(self) -> Machines:
        return self

    def __exit__(self, *_: object) -> None:
        self.cluster.shutdown()


def disturb(chaos: Chaos, case: str) -> tuple[int, str, str]:
    """Run a sweep on a cluster and do to it what the case says; return exit code, what was said, and a remark."""
    nodes = {"two": 2, "three": 3, "late": 1, "head": 2}[case]
    with Machines(nodes, chaos.log) as machines, chaos.counting():
        process: subprocess.Popen[str] = chaos.start("--address", machines.cluster.address)
        chaos.wait(lambda: chaos.epochs() >= nodes * 2, process)
        chaos.faults = 1
        if case == "late":
            machines.join()
        else:
            machines.kill(machines.cluster.head_node if case == "head" else machines.nodes[-1])
        start = time.monotonic()
        said, _ = process.communicate(timeout=400)
        seconds = time.monotonic() - start
    workers = int(chaos.query("SELECT count(*) FROM trials WHERE status = 'finished'")[0][0])  # type: ignore[call-overload]
    remark = f"{workers} trials finished {seconds:.0f} s later"
    if case == "late":
        remark += f", said 'the cluster has changed': {'the cluster has changed' in said}"
    if case == "head":
        remark += f", said 'was lost': {'was lost' in said}, exit {process.returncode}"
        with Machines(1, chaos.log) as machines:
            code, said = chaos.finish("--address", machines.cluster.address)
        return code, said, remark + "; then a new cluster"
    return process.returncode, said, remark


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--case", choices=("two", "three", "late", "head"), nargs="*")
    parser.add_argument("--synthetic", action="store_true")
    options = parser.parse_args()
    trial = SYNTHETIC if options.synthetic else arithmetic(EPOCHS, 0.5)
    with tempfile.TemporaryDirectory() as folder:
        undisturbed = Chaos(Path(folder) / "undisturbed", trial, options.trials, ("--executor", "inline"))
        code, said = undisturbed.finish()
        assert code == 0, said
        for case in options.case or ("two", "three", "late", "head"):
            start = time.monotonic()
            chaos = Chaos(Path(folder) / case, trial, options.trials, (), environment={"RAY_AUTH_MODE": "disabled"})
            code, said, remark = disturb(chaos, case)
            lost, doubled = compare(chaos.rows(), undisturbed.rows())
            if lost + doubled or code:
                print(said, file=sys.stderr)
            name = {
                "two": "one of two nodes killed",
                "three": "one of three nodes killed",
                "late": "a node joins late",
                "head": "Ray's head lost",
            }[case]
            result = f"exit {code}; {remark}" if not lost + doubled and not code else f"BAD exit {code}; {remark}"
            print(table_row(name, "1", lost, doubled, chaos.retrained, time.monotonic() - start, result), flush=True)


if __name__ == "__main__":
    main()
