"""What documents promise exists: the files they link to, commands, options, settings and alerts."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from cli_words import refusals
from reelway.cli.main import COMMANDS
from reelway.settings import describe

PROJECT = Path(__file__).parents[2]
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md"), *(PROJECT / "deploy").rglob("*.md")])
GUIDE = PROJECT / "docs" / "how-to" / "run-it-for-real.md"
_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.M | re.S)
_NOT_SETTINGS = {"REELWAY_KEY", "REELWAY_CONFIG"}


@pytest.fixture(params=PAGES, ids=lambda p: str(p.relative_to(PROJECT)))
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def _anchors(page: Path) -> set[str]:
    """Of its headings, as they are linked to."""
    heads = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text()), re.M)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


def _commands(text: str) -> list[list[str]]:
    """The words after `reelway` of every command in shell blocks and between backticks."""
    blocks = [body.replace("\\\n", " ") for kind, body in _FENCE.findall(text) if kind in ("sh", "console")]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"(?<!\n)\n(?!\n)", " ", _FENCE.sub("", text)))
    found = []
    for line in [*(line for block in blocks for line in block.splitlines()), *spans]:
        if not re.match(r"([A-Z0-9_]+=|reelway |docker )", line.strip()):
            continue
        words = shlex.split(line, comments=True)
        while words and re.fullmatch(r"[A-Z0-9_]+=.*", words[0]):
            words.pop(0)
        for runner in (["docker", "compose", "run", "--rm"], ["docker", "run"]):
            if words[: len(runner)] == runner:
                words = ["reelway", *words[len(runner) + 1 :]] if len(runner) == 4 else []
        if words[:1] == ["reelway"] and len(words) > 1 and not re.fullmatch(r"\W+|.*…", words[1]):
            found.append(words[1:])
    return found


def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            dead.append(link)
    assert dead == []


def test_commands_exist(page: Path) -> None:
    said = [(" ".join(words), wrong) for words in _commands(page.read_text()) for wrong in refusals(words)]
    assert said == []


def test_settings_exist(page: Path) -> None:
    real = {setting["variable"] for setting in describe()} | _NOT_SETTINGS
    assert set(re.findall(r"\bREELWAY_[A-Z0-9_]*[A-Z0-9]\b(?!_)", page.read_text())) - real == set()


def test_commands_are_found_where_they_are() -> None:
    """Else the tests above would pass on nothing."""
    text = "`reelway keys create --test` and\n```sh\nA=b reelway \\\n  move --resume # why\n```\n`the reelway`\n"
    assert _commands(text) == [["move", "--resume"], ["keys", "create", "--test"]]
    assert refusals(["keys", "creat"])
    assert refusals(["move", "--resum"])
    assert {words[0] for words in _commands(GUIDE.read_text())} >= {
        "serve",
        "api",
        "worker",
        "move",
        "db",
        "doctor",
    } & set(COMMANDS)


def test_alerts_of_the_guide_exist() -> None:
    alerts = set(re.findall(r"alert: (\w+)", (PROJECT / "deploy/prometheus/alerts.yml").read_text()))
    named = set(re.findall(r"`(Reelway[A-Z]\w+)`", GUIDE.read_text()))
    assert named
    assert named <= alerts


def _block(kind: str) -> str:
    (body,) = [body for found, body in _FENCE.findall(GUIDE.read_text()) if found == kind]
    return body


@pytest.mark.skipif(None in (shutil.which("nginx"), shutil.which("openssl")), reason="nginx is not installed")
def test_nginx_takes_its_snippet(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=x", "-keyout"]
    subprocess.run([*make, key, "-out", certificate], check=True, capture_output=True)
    snippet = _block("nginx").replace("/etc/ssl/video.example.com.pem", str(certificate))
    snippet = snippet.replace("/etc/ssl/video.example.com.key", str(key))
    config = tmp_path / "nginx.conf"
    folders = "".join(
        f"{part}_temp_path {tmp_path}/{part};\n" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{folders}{snippet}}}\n"
    )
    done = subprocess.run(["nginx", "-t", "-p", tmp_path, "-c", config], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
def test_caddy_takes_its_snippet(tmp_path: Path) -> None:
    config = tmp_path / "Caddyfile"
    config.write_text(_block("caddyfile"))
    done = subprocess.run(["caddy", "adapt", "--config", config, "--validate"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
