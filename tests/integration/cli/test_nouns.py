"""Keys, credits, models, generations, settings and the database, each command as its own process."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_keys_create_prints_the_key_alone_on_stdout(reelway) -> None:
    live, test = reelway("keys", "create"), reelway("keys", "create", "--test")
    assert re.fullmatch(r"rw_live_[0-9a-f]{64}\n", live.stdout)
    assert re.fullmatch(r"rw_test_[0-9a-f]{64}\n", test.stdout)
    assert "made workspace default" in live.stderr
    assert test.stderr == ""


def test_keys_are_listed_without_the_key_and_revoked_by_id_or_by_the_key(reelway) -> None:
    first = reelway("keys", "create", "--name", "robot", "--scope", "read").stdout.strip()
    second = reelway("keys", "create").stdout.strip()
    listed = reelway("keys", "list", "--json")
    assert first not in listed.stdout
    keys = json.loads(listed.stdout)
    assert [(k["name"], k["workspace"], k["purse"], k["starts_with"]) for k in keys] == [
        ("robot", "default", "live", first[:12]),
        ("", "default", "live", second[:12]),
    ]
    assert keys[0]["scopes"] == ["read"]
    assert reelway("keys", "revoke", keys[0]["id"]).returncode == 0
    assert reelway("keys", "revoke", second).returncode == 0
    assert all(k["revoked_at"] for k in json.loads(reelway("keys", "list", "--json").stdout))


def test_an_unknown_key_cannot_be_revoked(reelway) -> None:
    reelway("keys", "create")
    done = reelway("keys", "revoke", "key_0")
    assert (done.returncode, done.stderr) == (1, "error: no key 'key_0'\n")


def test_a_new_workspace_starts_with_its_free_credits(reelway) -> None:
    reelway("keys", "create", "--workspace", "studio", REELWAY_FREE_LIVE_USD="2.50")
    shown = json.loads(reelway("credits", "show", "--json").stdout)
    assert [(a["workspace"], a["purse"], a["available_usd"]) for a in shown] == [
        ("studio", "live", "2.50"),
        ("studio", "test", "100.00"),
    ]


def test_a_bad_amount_of_free_credits_is_named(reelway) -> None:
    done = reelway("keys", "create", REELWAY_FREE_LIVE_USD="a lot")
    assert done.returncode == 1
    assert "free_live_usd" in done.stderr


def test_a_grant_of_one_id_counts_once_and_the_audit_agrees(reelway) -> None:
    reelway("keys", "create")
    for _ in range(2):
        granted = reelway("credits", "grant", "12.5", "--id", "invoice-7", "--note", "thanks")
        assert granted.stdout == "22.50\n"
    assert json.loads(reelway("credits", "grant", "1", "--test", "--json").stdout)["available_usd"] == "101.00"
    audit = reelway("credits", "audit", "--json")
    assert (audit.returncode, json.loads(audit.stdout)) == (0, [])
    assert reelway("credits", "audit").stdout.startswith("ok")


def test_the_audit_finds_a_changed_balance_and_exits_with_1(reelway, tmp_path) -> None:
    import apsw

    reelway("keys", "create")
    connection = apsw.Connection(str(tmp_path / "data" / "reelway.db"))
    connection.execute("UPDATE accounts SET balance_microusd = balance_microusd + 1 WHERE purse = 'live'")
    connection.close()
    audit = reelway("credits", "audit", "--json")
    assert audit.returncode == 1
    assert [f["what"] for f in json.loads(audit.stdout)] == ["sums"]
    doctor = reelway("doctor", "--json", REELWAY_PORT="0")
    assert doctor.returncode == 1
    assert [f["check"] for f in json.loads(doctor.stdout) if f["status"] == "fail"] == ["database"]


def test_grants_need_an_amount_and_a_workspace_that_is_there(reelway) -> None:
    reelway("keys", "create")
    assert "write it like 12.50" in reelway("credits", "grant", "much").stderr
    assert "more than 0" in reelway("credits", "grant", "0").stderr
    unknown = reelway("credits", "grant", "5", "--workspace", "nobody")
    assert unknown.stderr == "error: no workspace 'nobody'\nhint: there are default\n"


def test_models_tell_who_serves_them(reelway) -> None:
    models = {m["id"]: m for m in json.loads(reelway("models", "--json").stdout)}
    assert models["sora-2-pro-t2v"]["served_by"] == "previz (preview, free)"
    assert models["sora-2-pro-t2v"]["usd_per_s"] == "0.36"
    off = {m["id"]: m for m in json.loads(reelway("models", "--json", REELWAY_PREVIZ_OFF="sora-2-pro-t2v").stdout)}
    assert off["sora-2-pro-t2v"]["served_by"] is None
    assert "sora-2-pro-t2v" in reelway("models").stdout


def test_no_generations_is_an_empty_list_and_a_note(reelway) -> None:
    reelway("keys", "create")
    assert json.loads(reelway("generations", "list", "--json").stdout) == []
    shown = reelway("generations", "list")
    assert (shown.stdout, shown.stderr) == ("", "no generations\n")
    assert reelway("generations", "show", "1").returncode == 1


def test_the_page_of_settings_is_the_one_in_the_documentation(reelway) -> None:
    page = (ROOT / "docs/how-to/settings.md").read_text()
    assert reelway("settings", "--markdown").stdout == page, "run `make docs`"


def test_every_setting_is_listed_with_its_default(reelway) -> None:
    listed = {s["setting"]: s for s in json.loads(reelway("settings", "--json").stdout)}
    assert (listed["port"]["variable"], listed["port"]["default"]) == ("REELWAY_PORT", "8080")
    assert all(s["meaning"] for s in listed.values())


def test_migrate_makes_the_database_and_then_has_nothing_to_do(reelway) -> None:
    assert "0001_first.sql" in reelway("db", "migrate").stdout
    assert json.loads(reelway("db", "migrate", "--json").stdout) == []


def test_a_database_of_a_newer_reelway_is_refused(reelway, tmp_path) -> None:
    import apsw

    reelway("db", "migrate")
    connection = apsw.Connection(str(tmp_path / "data" / "reelway.db"))
    connection.execute("INSERT INTO migrations VALUES (9999, '9999_later.sql', 0)")
    connection.close()
    done = reelway("keys", "list")
    assert done.returncode == 1
    assert "newer Reelway" in done.stderr
