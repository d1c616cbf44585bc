#!/usr/bin/env python3
"""Builds the binaries that are shipped, one for each set of clouds, and prints what they weigh and how they start.

Prints the table of docs/performance.md. Asserts nothing: what is over its goal is marked as such. `--json` prints the figures.
"""

import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Features, and the goal for the stripped binary in MB (10^6 bytes).
VARIANTS = [("gcp", 8), ("azure", 9), ("aws", 11), ("aws,gcp,azure", 15)]
START_GOAL_MS = 30
RSS_GOAL_MIB = 20
STARTS = 20

CONFIG = {
    "aws": 'region = "eu-central-1"\nsubnet_group = "bench"\nsecurity_group_ids = ["sg-0123456789abcdef0"]',
    "gcp": 'project = "bench-project"\nregion = "europe-west3"\nnetwork = "default"',
    "azure": 'subscription_id = "00000000-0000-0000-0000-000000000000"\nresource_group = "bench"\nlocation = "westeurope"',
}


def build(features: str) -> pathlib.Path:
    began = time.monotonic()
    environment = {**os.environ, "FEATURES": features}
    told = subprocess.run([ROOT / "scripts/release.sh"], env=environment, check=True, capture_output=True, text=True)
    print(f"built {features} in {time.monotonic() - began:.0f} s", file=sys.stderr)
    return pathlib.Path(told.stdout.strip())


def config(features: str, folder: pathlib.Path) -> pathlib.Path:
    parts = ['[server]\nlisten = "127.0.0.1:0"', '[secrets]\nkeyring = [{ id = "k1", key = "%s" }]' % ("0123456789abcdef" * 4)]
    for index, provider in enumerate(features.split(",")):
        parts.append(f"[providers.{provider}]\nenabled = true\n{CONFIG[provider]}")
        if index == 0:
            parts.append(f'[routes.redis]\nresource_type = "redis"\nprovider = "{provider}"')
    file = folder / "driver.toml"
    file.write_text("\n".join(parts) + "\n")
    return file


class Driver:
    """A running binary, ended on exit from the block."""

    def __init__(self, binary: pathlib.Path, file: pathlib.Path):
        self.began = time.monotonic()
        environment = {"PATH": os.environ["PATH"], "HOME": str(file.parent)}
        self.process = subprocess.Popen(
            [binary, "serve", "--config", file], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> "Driver":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def alive(self) -> float:
        """Milliseconds from exec to the first 200 on /alive."""
        for line in self.process.stdout:
            if line.startswith("listening on http://"):
                address = line.removeprefix("listening on http://").strip()
                break
        else:
            raise SystemExit("the driver ended before it listened")
        connection = http.client.HTTPConnection(address, timeout=10)
        connection.request("GET", "/alive")
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"/alive answered {answer.status}")
        answer.read()
        return (time.monotonic() - self.began) * 1000

    def resident_mib(self) -> float:
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise SystemExit("no VmRSS in /proc")


def measure(binary: pathlib.Path, features: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        file = config(features, pathlib.Path(folder))
        starts, resident = [], []
        for _ in range(STARTS):
            with Driver(binary, file) as driver:
                starts.append(driver.alive())
                resident.append(driver.resident_mib())
    return {
        "size_mb": binary.stat().st_size / 1e6,
        "start_p50_ms": statistics.median(starts),
        "start_max_ms": max(starts),
        "rss_mib": statistics.median(resident),
    }


def against(figure: float, goal: float, shown: str) -> str:
    return shown if figure <= goal else f"**{shown}**, over the goal"


def main() -> None:
    figures = {}
    for features, goal in VARIANTS:
        binary = build(features)
        figures[features] = {**measure(binary, features), "size_goal_mb": goal}
    if "--json" in sys.argv[1:]:
        print(json.dumps(figures, indent=2))
        return
    print("| features | binary | goal | exec to first 200: median, worst of 20 | goal | RSS idle | goal |")
    print("|---|---|---|---|---|---|---|")
    for features, of in figures.items():
        size = against(of["size_mb"], of["size_goal_mb"], f"{of['size_mb']:.2f} MB")
        start = against(of["start_max_ms"], START_GOAL_MS, f"{of['start_p50_ms']:.1f} ms, {of['start_max_ms']:.1f} ms")
        resident = against(of["rss_mib"], RSS_GOAL_MIB, f"{of['rss_mib']:.1f} MiB")
        row = f"| `{features}` | {size} | ≤ {of['size_goal_mb']} MB | {start} | ≤ {START_GOAL_MS} ms"
        print(f"{row} | {resident} | ≤ {RSS_GOAL_MIB} MiB |")


if __name__ == "__main__":
    main()
