"""`reelway serve` as its own process: first start, refusals, and stopping without losing a job."""

import contextlib
import http.client
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from commands import Running, environment, run, running

ROOT = Path(__file__).parents[2]


def _serving(data: Path, *options: str, **variables: str) -> contextlib.AbstractContextManager[Running]:
    """`reelway serve` on a free port, in a session of its own as under a terminal."""
    return running(data.with_suffix(".log"), "serve", "--port", "0", "--data", str(data), *options, **variables)


def _connect(server: Running) -> contextlib.closing[http.client.HTTPConnection]:
    return contextlib.closing(http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=10))


def _curl(log: str) -> tuple[str, dict[str, Any]]:
    """The URL and body of the curl that was printed; bash would read it just so."""
    words = shlex.split(log[log.index("curl ") :].replace("\\\n", " ").split("\n\n")[0])
    assert words[2:5] == ["-H", "Content-Type: application/json", "-d"]
    return words[1], json.loads(words[5])


def _begin(line: http.client.HTTPConnection, key: str, body: bytes) -> None:
    """Send a request but for the end of its body: it keeps a drain waiting."""
    line.putrequest("POST", "/v1/videos")
    line.putheader("authorization", f"Bearer {key}")
    line.putheader("content-type", "application/json")
    line.putheader("content-length", str(len(body)))
    line.endheaders(body[:10])
    time.sleep(0.3)


def _make_key(data: Path, *options: str) -> str:
    return run("keys", "create", *options, "--data", str(data)).stdout.strip()


def _wait_until(server: Running, key: str, id: str, *statuses: str) -> dict[str, Any]:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        video: dict[str, Any] = server.send(f"/v1/videos/{id}", key=key)
        if video["status"] in statuses:
            return video
        time.sleep(0.1)
    raise AssertionError(f"still {video}")


def test_the_first_start_prints_a_curl_that_works_and_no_later_start_does(tmp_path) -> None:
    data = tmp_path / "data"
    with _serving(data) as server:
        url, body = _curl(server.log)
        assert url == f"{server.url}/api/v7/video-fusion/text-to-video"
        assert list(body) == ["key", "prompt", "model_id", "num_frames", "output_type"]
        assert body["prompt"] == "slow aerial shot over a futuristic city at dusk, cinematic"
        answer = server.send(url.removeprefix(server.url), body)
        assert answer["status"] == "processing"
        assert server.stop() == 0
        assert server.process.stdout is not None
        assert server.process.stdout.read() == b""
    assert (data / "operator.secret").stat().st_mode & 0o777 == 0o600
    with _serving(data) as again:
        assert "rw_live_" not in again.log
        assert again.send(f"/api/v7/video-fusion/fetch/{answer['id']}", {"key": body["key"]})["status"] == "processing"
        assert again.stop() == 0


def test_a_key_made_beside_the_running_server_works_at_once_and_revoked_no_more(tmp_path) -> None:
    with _serving(tmp_path / "data") as server:
        key = _make_key(tmp_path / "data")
        assert server.send("/v1/account", key=key)
        assert run("keys", "revoke", key, "--data", str(tmp_path / "data")).returncode == 0
        with pytest.raises(urllib.error.HTTPError, match="401"):
            server.send("/v1/account", key=key)


def test_the_doctor_finds_the_running_server(tmp_path) -> None:
    with _serving(tmp_path / "data") as server:
        done = run("doctor", "--json", "--data", str(tmp_path / "data"))
        found = {f["check"]: f for f in json.loads(done.stdout)}
        assert done.returncode == 0, done.stdout
        assert f"ready on {server.url}" in found["server"]["detail"]
        assert found["operator secret"]["status"] == found["database"]["status"] == "ok"


def test_generations_are_listed_and_shown_beside_the_running_server(tmp_path) -> None:
    data = str(tmp_path / "data")
    with _serving(tmp_path / "data") as server:
        key = _make_key(tmp_path / "data", "--test")
        made = server.send("/v1/videos", {"model": "sora-2", "prompt": "refuse: violence", "seconds": "4"}, key)
        _wait_until(server, key, made["id"], "failed")
        listed = json.loads(run("generations", "list", "--json", "--data", data).stdout)
        assert [(g["id"], g["state"], g["charged_usd"]) for g in listed] == [(made["id"], "failed", "0.00")]
        by_id = json.loads(run("generations", "show", made["id"], "--json", "--data", data).stdout)
        by_number = json.loads(run("generations", "show", str(listed[0]["number"]), "--json", "--data", data).stdout)
        assert by_id == by_number
        assert by_id["error"].startswith("provider_refused")
        assert by_id["events"][0]["type"] == "generation.created"
        assert "refuse: violence" in run("generations", "show", made["id"], "--data", data).stdout


def test_a_second_server_on_the_same_folder_is_refused_and_told_who_has_it(tmp_path) -> None:
    with _serving(tmp_path / "data") as server:
        second = run("serve", "--port", "0", "--data", str(tmp_path / "data"))
        assert second.returncode == 1
        assert f"process {server.process.pid} on {server.url}" in second.stderr
        assert server.send("/readyz") == {"status": "ready"}


def test_a_killed_server_leaves_no_lock_behind(tmp_path) -> None:
    with _serving(tmp_path / "data") as server:
        server.process.kill()
        server.process.wait(5)
    with _serving(tmp_path / "data") as again:
        assert again.stop() == 0


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", "--port", str(port), "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert f"port {port} is in use" in done.stderr
    assert "hint: name another with --port" in done.stderr
    assert not (tmp_path / "data" / "reelway.db").exists()


@pytest.mark.parametrize("secret", ["hunter2", "a" * 40])
def test_another_address_than_loopback_needs_a_strong_secret(tmp_path, secret) -> None:
    done = run(
        "serve", "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path / "d"), REELWAY_OPERATOR_SECRET=secret
    )
    assert done.returncode == 1
    assert "operator_secret is too weak to listen on 0.0.0.0" in done.stderr
    assert secret not in done.stderr
    assert not (tmp_path / "d").exists()


def test_a_mistyped_variable_stops_the_start(tmp_path) -> None:
    done = run("serve", "--data", str(tmp_path / "data"), REELWAY_DRAIN="1")
    assert done.returncode == 1
    assert "REELWAY_DRAIN_S" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_an_error_and_no_traceback(tmp_path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    done = run("serve", "--port", "0", "--data", str(tmp_path / "data"))
    assert done.returncode == 1
    assert "cannot write to the data folder" in done.stderr
    assert "Traceback" not in done.stderr


def test_sigterm_ends_quickly_though_a_stream_and_an_idle_connection_are_open(tmp_path) -> None:
    """An open stream once held the drain to its end."""
    with (
        _serving(tmp_path / "data", REELWAY_DRAIN_S="30") as server,
        _connect(server) as idle,
        _connect(server) as line,
    ):
        key = _make_key(tmp_path / "data", "--test")
        made = server.send("/v1/videos", {"model": "previz", "prompt": "slow 5000", "seconds": "1"}, key)
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        line.request("GET", f"/v1/videos/{made['id']}/events", headers={"authorization": f"Bearer {key}"})
        with line.getresponse() as events:
            assert events.readline() == b"retry: 2000\n"
            assert server.stop(within_s=5) == 0
            assert b"generation.created" in events.read()  # and the stream ended whole


def test_a_request_that_is_being_sent_may_finish(tmp_path) -> None:
    body = json.dumps({"model": "previz", "prompt": "slow 5000", "seconds": "1"}).encode()
    with _serving(tmp_path / "data") as server, _connect(server) as line:
        key = _make_key(tmp_path / "data", "--test")
        _begin(line, key, body)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        line.send(body[10:])
        with line.getresponse() as response:
            made = json.load(response)
        assert made["status"] == "queued"
        assert server.process.wait(5) == 0
    with _serving(tmp_path / "data") as again:
        assert again.send(f"/v1/videos/{made['id']}", key=key)["status"] in ("queued", "in_progress")


def test_the_second_ctrl_c_stops_at_once_but_not_the_echo_of_the_first(tmp_path) -> None:
    """`timeout` and some supervisors signal the process and then its group: that is one wish, not two."""
    with _serving(tmp_path / "data", REELWAY_DRAIN_S="60") as server, _connect(server) as hanging:
        _begin(hanging, _make_key(tmp_path / "data"), b"{" * 100)
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        server.process.send_signal(signal.SIGINT)
        server.process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            server.process.wait(1)
        assert server.stop(signal.SIGINT, within_s=2) == 130


def test_ctrl_c_in_a_terminal_loses_no_clip_that_is_being_rendered(tmp_path) -> None:
    """A terminal sends SIGINT to the renderer too; a renderer that died of it once failed the job for good."""
    data = tmp_path / "data"
    with _serving(data, REELWAY_DRAIN_S="1") as server, _connect(server) as hanging:
        key = _make_key(data)
        order = {"model": "previz", "prompt": "a red kite over the sea", "size": "320x180", "seconds": "5"}
        made = server.send("/v1/videos", order, key)
        _wait_until(server, key, made["id"], "in_progress")
        _begin(hanging, key, b"{" * 100)
        os.killpg(server.process.pid, signal.SIGINT)
        assert server.process.wait(10) == 0
    with _serving(data) as again:
        assert _wait_until(again, key, made["id"], "completed", "failed")["status"] == "completed"
        assert again.stop() == 0
    assert json.loads(run("credits", "audit", "--json", "--data", str(data)).stdout) == []


def test_the_demo_sends_the_documented_request_and_saves_what_came(tmp_path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools/demo.py"), "--once", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=170,
        env=environment(),
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "demo.mp4").read_bytes()[4:8] == b"ftyp"
    assert (tmp_path / "demo.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert "1280x720, 120 frames, 5 s" in done.stdout
    assert "Cost     0.00 USD" in done.stdout
    assert "Served   by previz. This is a preview" in done.stdout


def test_ctrl_c_ends_the_demo_its_server_and_its_folder(tmp_path) -> None:
    demo = subprocess.Popen(
        [sys.executable, str(ROOT / "tools/demo.py"), "--out", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    with demo:
        assert demo.stdout is not None
        found = re.search(r"(http://\S+), data in (\S+)", demo.stdout.readline())
        assert found is not None
        demo.send_signal(signal.SIGINT)
        assert demo.wait(20) == 0
    assert not Path(found[2]).exists()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(found[1], timeout=5)
