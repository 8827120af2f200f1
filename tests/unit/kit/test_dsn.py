"""Whatever is written, the password is not shown."""

import pytest

from reelway.kit.dsn import without_password


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite", "sqlite"),
        ("local", "local"),
        ("postgresql://db/reelway", "postgresql://db/reelway"),
        ("postgresql://ann@db:5432/reelway", "postgresql://ann@db:5432/reelway"),
        ("postgresql://ann:hunter2@db:5432/reelway", "postgresql://ann@db:5432/reelway"),
        ("postgresql://ann:hunter2@a:1,b:2/reelway", "postgresql://ann@a:1,b:2/reelway"),
        ("postgresql://db/reelway?user=ann&password=hunter2", "postgresql://db/reelway"),
        ("postgresql://ann:hun/ter2@db/reelway", "postgresql://ann@db/reelway"),
        ("postgresql://ann:hun@ter2@db/reelway", "postgresql://ann@db/reelway"),
        ("postgresql://ann:hun?ter2@db/reelway", "postgresql://ann@db/reelway"),
        ("postgresql://:hunter2@db/reelway", "postgresql://@db/reelway"),
        ("s3://bucket/prefix", "s3://bucket/prefix"),
    ],
)
def test_the_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown
