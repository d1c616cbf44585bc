"""The configuration of each overlay, in the real driver: with the files and variables that its pod has."""

import http.server
import queue
import ssl
import subprocess
import threading

import pytest

from conftest import CLOUDS, ask, choose, only, pod_of, render, run

# Gets past the door and into the inputs, and no further: nothing here may call a cloud.
OPERATORS = ("/sizes", "/metrics", "/docs")
MISSPELLED = {"type": "redis", "driver": {"values": {"sice": "small"}}}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_driver_starts_with_it_and_lets_in_whoever_has_the_token(cloud, tmp_path, kustomize):
    pod = pod_of(render(kustomize / "overlays" / cloud), tmp_path / "pod")
    server, url = pod.serve()
    try:
        assert ask(f"{url}/alive")[0] == 200
        assert ask(f"{url}/health")[0] == 200
        status, error = ask(f"{url}/redis/deploy-check", "PUT", body=MISSPELLED)
        assert (status, error["error"]) == (401, "RES-112")
        status, error = ask(f"{url}/redis/deploy-check", "PUT", pod.token, MISSPELLED)
        assert (status, error["error"]) == (400, "RES-101"), error
        assert ask(f"{url}/sizes", token=pod.metrics_token)[0] == 401
    finally:
        server.stop()
    assert server.process.returncode == 0, server.output()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_without_the_token_it_refuses_the_address_of_the_pod(cloud, tmp_path, kustomize):
    pod = pod_of(render(kustomize / "overlays" / cloud), tmp_path / "pod")
    ended = run("serve", env={**pod.env, "CACHE_DRIVER__SERVER__AUTH__TOKENS": "[]"})
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "server.listen: others can reach it" in ended.stderr and "server.auth.tokens" in ended.stderr, ended.stderr


@pytest.mark.parametrize("cloud", CLOUDS)
@pytest.mark.parametrize("there, instead, told", [("region", "regoin", "regoin"), ("enabled = true", "enabled = 1", "enabled")])
def test_a_mistake_in_it_ends_the_driver_with_the_place(cloud, there, instead, told, tmp_path, kustomize):
    file = kustomize / "overlays" / cloud / "cloud.toml"
    there, instead = (there, instead) if cloud != "azure" else (there.replace("region", "location"), instead)
    lines = [line for line in file.read_text().splitlines() if line.startswith(there)]
    assert len(lines) == 1
    file.write_text(file.read_text().replace(lines[0], lines[0].replace(there, instead)))
    pod = pod_of(render(kustomize / "overlays" / cloud), tmp_path / "pod")
    ended = run("serve", env={**pod.env, "CACHE_DRIVER__SERVER__LISTEN": "127.0.0.1:0"})
    assert ended.returncode == 2, ended.stderr
    assert told in ended.stderr and "cloud.toml" in ended.stderr, ended.stderr


def test_metrics_are_for_a_token_of_their_own_with_a_service_monitor(tmp_path, kustomize):
    pod = pod_of(render(choose(kustomize, "aws", ["service-monitor"])), tmp_path / "pod")
    server, url = pod.serve()
    try:
        for path in OPERATORS:
            assert ask(url + path)[0] == 401
            assert ask(url + path, token=pod.metrics_token)[0] == 200
        assert ask(f"{url}/redis/deploy-check", "PUT", pod.metrics_token, MISSPELLED)[0] == 403
    finally:
        server.stop()


def test_operators_paths_and_nothing_else_are_open_with_scrape_annotations(tmp_path, kustomize):
    pod = pod_of(render(choose(kustomize, "aws", ["scrape-annotations"])), tmp_path / "pod")
    server, url = pod.serve()
    try:
        assert [ask(url + path)[0] for path in OPERATORS] == [200] * len(OPERATORS)
        assert ask(f"{url}/redis/deploy-check", "PUT", body=MISSPELLED)[0] == 401
    finally:
        server.stop()


def test_traces_go_to_the_collector_with_otlp(tmp_path, kustomize):
    pod = pod_of(render(choose(kustomize, "aws", ["otlp"])), tmp_path / "pod")
    received = queue.Queue()

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()
            received.put((self.path, self.headers["content-type"]))

        def log_message(self, *_):
            pass

    collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    endpoint = pod.env["CACHE_DRIVER__TELEMETRY__OTLP__ENDPOINT"]
    pod.env["CACHE_DRIVER__TELEMETRY__OTLP__ENDPOINT"] = endpoint.replace(
        "otel-collector.observability:4318", f"127.0.0.1:{collector.server_port}"
    )
    server, url = pod.serve()
    try:
        # The caller's flag: the share of the component would keep one request of ten.
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        assert ask(f"{url}/redis/deploy-check", "PUT", pod.token, MISSPELLED, traceparent=parent)[0] == 400
        assert received.get(timeout=30) == ("/v1/traces", "application/x-protobuf")
    finally:
        server.stop()
        collector.shutdown()
        collector.server_close()


def test_callers_through_the_ingress_show_a_secret_in_the_path(tmp_path, kustomize):
    pod = pod_of(render(choose(kustomize, "gcp", ["ingress"])), tmp_path / "pod")
    server, url = pod.serve()
    try:
        assert ask(f"{url}/redis/deploy-check", "PUT", body=MISSPELLED)[0] == 401
        status, error = ask(f"{url}/{pod.path_secret}/redis/deploy-check", "PUT", body=MISSPELLED)
        assert (status, error["error"]) == (400, "RES-101"), error
        assert ask(f"{url}/{pod.path_secret.upper()}/redis/deploy-check", "PUT", body=MISSPELLED)[0] == 401
    finally:
        server.stop()
    assert pod.path_secret not in server.output()


def test_the_tls_component_serves_the_mounted_certificate(tmp_path, kustomize):
    pod = pod_of(render(choose(kustomize, "azure", ["tls"])), tmp_path / "pod")
    (pod.root / "tls").mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
        + ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", pod.root / "tls/tls.key", "-out", pod.root / "tls/tls.crt"],
        check=True,
        capture_output=True,
    )
    server, url = pod.serve()
    try:
        assert url.startswith("https://")
        context = ssl.create_default_context(cafile=pod.root / "tls/tls.crt")
        assert ask(f"{url}/alive", context=context)[0] == 200
    finally:
        server.stop()


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_sweep_of_the_cron_job_runs_with_it(cloud, tmp_path, kustomize):
    documents = render(kustomize / "overlays" / cloud)
    pod = pod_of(documents, tmp_path / "pod")
    container = only(documents, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    ended = run(*map(pod.here, container["args"]), "--sandbox")
    assert ended.returncode == 0, ended.stderr
