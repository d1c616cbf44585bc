"""Google's own clients against an emulator, and the wire between them, on which everything is judged."""

import importlib.resources
import json

import discovery
import gcp_messages


def judges():
    """The two that judge exchanges: Google's discovery documents, and the messages of its clients."""
    cache = importlib.resources.files("googleapiclient") / "discovery_cache/documents"
    # There is no document of Memorystore for Valkey in the package.
    documents = [json.loads((cache / f"{name}.v1.json").read_text()) for name in ("redis", "memcache")]
    return discovery.Documents(*documents), gcp_messages.Messages()
