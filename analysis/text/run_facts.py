"""Facts of a run in words: counts, provenance, search, failed trials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from analysis.formatting import duration
from analysis.runs.run import Run
from analysis.runs.search_record import asked, records, stopping_rule


def search_facts(run: Run) -> list[str]:
    """Return the search and its early stopping rule, for a page's facts; empty for grids."""
    resolved = run.record.get("resolved") or {}
    search, said = resolved.get("search") or {}, []
    if asked(run).draws:
        said.append(f"search {search['kind']}, {search.get('trials')} configurations, seed {search.get('seed', 0)}")
    if asked(run).rule:
        ruled = next(
            one for one in reversed([record.get("resolved") or {} for record in records(run)]) if stopping_rule(one)
        )
        rule = ruled["stop_early"]
        numbers = [f"grace {rule.get('grace_epochs')}"]
        numbers += [f"reduction {rule.get('reduction')}"] if rule["kind"] == "asha" else []
        did = "stopped early by" if (run.trials["status"] == "stopped").any() else "may stop early by"
        said.append(f"{did} {rule['kind']} ({', '.join(numbers)})")
    return said


def failed_trials(run: Run) -> Any:
    """Return the rows of the trials that failed, by number, confirming ones among them."""
    every = run.every_trial
    return every[every["status"] == "failed"]


def counts(run: Run) -> str:
    """Say how many trials there are, and in which state."""
    every = run.every_trial
    found = every["status"].value_counts().to_dict()
    states = ("finished", "running", "waiting", "stopped", "failed")
    parts = [f"{found[state]} {state}" for state in states if found.get(state)]
    trials = f"{len(every)} {'trial' if len(every) == 1 else 'trials'}"
    if run.confirming is not None:
        trials += f" ({len(run.confirming.trials)} of them confirming)"
    return f"{trials}: {', '.join(parts)}" if parts else "no trials"


def provenance_line(run: Run) -> list[str]:
    """Return the short facts of a run: date, program, device, progress."""
    record, line = run.record, [counts(run), *search_facts(run)]
    if len(run.provenance):
        line.append(datetime.fromtimestamp(run.provenance["started"].iloc[-1], UTC).strftime("%Y-%m-%d %H:%M UTC"))
    seconds = run.provenance["seconds"].fillna(0).sum()
    # Only one driver runs at a time, so only the last run may still be running.
    unended = run.provenance["finished"].isna().tolist()
    if seconds:
        runs = f" in {len(run.provenance)} runs" if len(run.provenance) > 1 else ""
        line.append(f"{duration(seconds)}{runs}")
    if killed := sum(unended[:-1]):
        line.append(f"{killed} {'run of the program was' if killed == 1 else 'runs of the program were'} killed")
    if unended[-1:] == [True]:
        line.append("the last run of the program has not ended: still running, or killed")
    every = run.every_trial
    if trained := every["seconds"].sum():
        line.append(f"{duration(trained)} of training")
    sets = run.datasets[~run.datasets["dataset"].str.startswith("train:")]
    trained_on = run.datasets[run.datasets["dataset"].str.startswith("train:")]
    line += [f"trained on {row.dataset.removeprefix('train:')} ({_pairs(row)})" for row in trained_on.itertuples()]
    if len(sets):
        line.append("tested on " + ", ".join(f"{row.dataset} ({_pairs(row)})" for row in sets.itertuples()))
    if len(run.trials):
        seeds = sorted(run.trials["seed"].unique())
        line.append(f"{'seed' if len(seeds) == 1 else 'seeds'} {', '.join(map(str, seeds))}")
    if run.confirming is not None:
        fresh = sorted(run.confirming.trials["seed"].unique())
        line.append(f"confirmed with {'seed' if len(fresh) == 1 else 'seeds'} {', '.join(map(str, fresh))}")
    devices = [device for device in record.get("devices") or () if device != "auto"]
    devices = devices or sorted(set(every["device"].dropna()))
    if devices:
        alike = {device: devices.count(device) for device in devices}
        line.append(
            "on " + ", ".join(f"{count} x {device}" if count > 1 else device for device, count in alike.items())
        )
    commit = record.get("commit")
    if commit:
        line.append(f"commit {commit['commit'][:10]}{', with local changes' if commit['dirty'] else ''}")
    return line


def run_details(run: Run) -> dict[str, str]:
    record = run.record
    versions = ", ".join(f"{name} {version}" for name, version in (record.get("packages") or {}).items() if version)
    rows = {
        "Command": record.get("command"),
        "Versions": versions,
        "Python": record.get("python"),
        "Platform": record.get("platform"),
        "Sweep file": record.get("spec"),
    }
    return {name: str(value) for name, value in rows.items() if value}


def _pairs(row: Any) -> str:
    return f"{row.pairs} {'pair' if row.pairs == 1 else 'pairs'} {row.height}x{row.width}"
