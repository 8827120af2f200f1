"""The doctor names what is wrong and how to mend it, and changes nothing."""

import json


def test_before_the_first_start_nothing_fails_and_nothing_is_made(reelway, tmp_path) -> None:
    done = reelway("doctor", "--json", REELWAY_PORT="0")
    found = {f["check"]: f for f in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    assert found["database"]["status"] == "warn"
    assert found["sqlite"]["status"] == found["codecs"]["status"] == found["catalogue"]["status"] == "ok"
    assert all(f["mend"] for f in found.values() if f["status"] != "ok")
    assert not (tmp_path / "data").exists()


def test_a_secret_that_others_can_read_fails_with_the_command_that_mends_it(reelway, tmp_path) -> None:
    reelway("db", "migrate")
    secret = tmp_path / "data" / "operator.secret"
    secret.write_text("a" * 64)
    secret.chmod(0o644)
    done = reelway("doctor", REELWAY_PORT="0")
    assert done.returncode == 1
    assert "mend: chmod 600" in done.stdout


def test_a_weak_secret_for_another_address_than_loopback_fails(reelway) -> None:
    done = reelway("doctor", "--json", REELWAY_PORT="0", REELWAY_HOST="0.0.0.0", REELWAY_OPERATOR_SECRET="hunter2")
    assert {f["check"]: f["status"] for f in json.loads(done.stdout)}["operator secret"] == "fail"


def test_a_settings_file_that_cannot_be_read_is_a_finding(reelway) -> None:
    done = reelway("doctor", "--json", "--config", "missing.toml")
    assert done.returncode == 1
    assert {f["check"]: f["status"] for f in json.loads(done.stdout)}["settings"] == "fail"
