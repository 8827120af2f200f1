"""compose.yaml without an engine: its references, its settings, its commands, and its S3 server for real."""

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import obstore
import pytest
import yaml
from obstore.exceptions import PermissionDeniedError
from obstore.store import S3Store

from cli_words import refusals
from reelway.settings import load_settings
from servers import free_port

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "compose.yaml").read_text()
EXAMPLE = (PROJECT / ".env.example").read_text()
GIVEN = {
    "POSTGRES_PASSWORD": "5d1f",
    "S3_SECRET": "a secret key",
    "OPERATOR_SECRET": "0123456789abcdef0123456789abcdef",
    "PUBLIC_URL": "https://video.example.com",
}
SECRETS = {"POSTGRES_PASSWORD", "S3_SECRET", "OPERATOR_SECRET"}
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def _filled_in(match: re.Match[str]) -> str:
    name, how, otherwise = match.groups()
    return GIVEN[name] if how != "-" else GIVEN.get(name, otherwise)


def _compose() -> dict[str, Any]:
    made: dict[str, Any] = yaml.safe_load(_VARIABLE.sub(_filled_in, TEXT))
    return made


SERVICES: dict[str, Any] = _compose()["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"].startswith("reelway:")}


def _options_of_docker() -> bool:
    """Whether this machine has the compose plugin: it reads files without an engine."""
    try:
        return subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not _options_of_docker(), reason="docker compose is not installed")
def test_docker_compose_reads_it() -> None:
    command = ["docker", "compose", "--env-file", "/dev/null", "--file", "compose.yaml", "config", "--quiet"]
    done = subprocess.run(command, cwd=PROJECT, env=os.environ | GIVEN, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_secret_has_a_default() -> None:
    """A password that works by itself is one that everybody knows."""
    ways = {name: {how for n, how, _ in _VARIABLE.findall(TEXT) if n == name} for name in SECRETS}
    assert ways == {name: {"?"} for name in SECRETS}
    assert [line for line in EXAMPLE.splitlines() if re.match(rf"({'|'.join(SECRETS)})=.", line)] == []


def test_every_variable_is_in_the_example_and_every_one_there_is_used() -> None:
    assert set(re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE, re.M)) == {name for name, _, _ in _VARIABLE.findall(TEXT)}


def test_what_is_waited_for_and_mounted_exists() -> None:
    for service in SERVICES.values():
        for name, waits in service.get("depends_on", {}).items():
            other = SERVICES[name]
            if waits["condition"] == "service_healthy":
                assert "healthcheck" in other
            else:
                assert (waits["condition"], other["restart"]) == ("service_completed_successfully", "no")
    mounted = {volume.partition(":")[0] for s in SERVICES.values() for volume in s.get("volumes", ())}
    assert mounted == set(_compose()["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_settings_are_real_and_their_values_are_taken(name: str) -> None:
    settings = load_settings({}, environ=OURS[name]["environment"])
    assert settings.on_postgres
    assert settings.storage.startswith("s3://")


@pytest.mark.parametrize("name", OURS)
def test_commands_are_real(name: str) -> None:
    assert refusals(OURS[name]["command"]) == []


@pytest.mark.parametrize("name", OURS)
def test_nobody_is_killed_while_draining(name: str) -> None:
    grace_s = float(OURS[name]["stop_grace_period"].removesuffix("s"))
    assert grace_s >= load_settings({}, environ=OURS[name]["environment"]).drain_s + 10


@pytest.mark.parametrize("name", OURS)
def test_ours_have_no_rights(name: str) -> None:
    service = OURS[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert "privileged" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_named_without_a_registry_and_of_a_version(name: str) -> None:
    first, _, rest = SERVICES[name]["image"].partition("/")
    assert "." not in first.partition(":")[0], "a host"
    assert ":" in (rest or first)


@contextmanager
def _s3() -> Iterator[str]:
    """The S3 service as it is written, but for its folder and ports; its URL."""
    weed = Path(sys.executable).with_name("weed")
    service = SERVICES["s3"]
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="reelway-weed-") as folder:
        flags = dict(part.partition("=")[::2] for part in service["command"][1:])
        flags |= {f"-{part}.port.grpc": str(free_port()) for part in ("master", "volume", "filer", "s3")}
        flags |= {f"-{part}.port": str(free_port()) for part in ("master", "volume", "filer")}
        flags |= {"-dir": folder, "-s3.port": str(port), "-s3.ip.bind": "127.0.0.1"}
        command = [str(weed), service["command"][0]]
        command += [f"{name}={value}" if value else name for name, value in flags.items()]
        process = subprocess.Popen(
            command, env=os.environ | service["environment"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


def _put(url: str, **credentials: Any) -> None:
    """Into a bucket that nobody has made; until the server is up, for a minute at most."""
    store = S3Store(
        "reelway",
        endpoint=url,
        region="us-east-1",
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
        **credentials,
    )
    until = time.monotonic() + 60
    while True:
        try:
            obstore.put(store, "clip", b"bytes")
        except PermissionDeniedError:
            raise
        except obstore.exceptions.BaseError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def test_the_bucket_server_takes_its_key_and_no_other() -> None:
    settings = load_settings({}, environ=OURS["api"]["environment"])
    assert settings.s3_secret_access_key is not None
    key_id, secret = settings.s3_access_key_id, settings.s3_secret_access_key.get_secret_value()
    with _s3() as url:
        _put(url, access_key_id=key_id, secret_access_key=secret)
        with pytest.raises(PermissionDeniedError):
            _put(url, access_key_id=key_id, secret_access_key="another")
        with pytest.raises(PermissionDeniedError):
            _put(url, skip_signature=True)
