"""Servers under test: started on loopback, waited for within bounds, stopped by their own process id."""

import os
import queue
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

# Generous, because CI compiles on the same two cores.
STARTUP_SECONDS = 60


def free_port():
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A child process whose output is kept: what it printed belongs to every failure."""

    def __init__(self, name, argv, env=None):
        self.name = name
        self.lines = []
        self.fresh = queue.Queue()
        # Nothing of the machine's own AWS set-up may leak into a child.
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CACHE_DRIVER"))}
        self.process = subprocess.Popen(
            argv,
            env={**clean, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            self.fresh.put(line.rstrip("\n"))

    def output(self):
        """Everything that it printed so far."""
        return "\n".join(self.lines)

    def _fail(self, what):
        self.stop()
        raise RuntimeError(f"{self.name} {what}; its output:\n{self.output()[-4000:]}")

    def wait_for_line(self, pattern):
        """The first group of the first line, of output or log, that has `pattern` in it."""
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline:
            try:
                found = re.search(pattern, self.fresh.get(timeout=0.1))
            except queue.Empty:
                if self.process.poll() is not None and self.fresh.empty():
                    self._fail(f"ended with {self.process.returncode}")
                continue
            if found:
                return found.group(1)
        return self._fail(f"did not print `{pattern}` within {STARTUP_SECONDS} s")

    def wait_for_http(self, url):
        """Returns when something answers HTTP there, whatever it answers."""
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                self._fail(f"ended with {self.process.returncode}")
            try:
                with urllib.request.urlopen(url, timeout=2):
                    return
            except urllib.error.HTTPError as answer:
                answer.close()
                return
            except OSError:
                time.sleep(0.1)
        self._fail(f"did not answer at {url} within {STARTUP_SECONDS} s")

    def stop(self):
        """Ends it and waits until it is gone."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        self.reader.join(10)
        self.process.stdout.close()
