"""Keys, suffixes and the setting that chooses a storage."""

import subprocess
import sys
from pathlib import Path

import pytest

from reelway.errors import ConfigError
from reelway.settings import Settings
from reelway.storage.base import check_key, media_type_of, suffix_for
from reelway.storage.choose import choose
from reelway.storage.local import LocalStorage


@pytest.mark.parametrize("media_type", ["video/mp4", "video/webm", "image/webp", "image/jpeg", "image/gif"])
def test_a_suffix_and_its_media_type_lead_to_each_other(media_type: str) -> None:
    assert media_type_of(f"a/b{suffix_for(media_type)}") == media_type
    check_key(f"a/b{suffix_for(media_type)}", media_type)


def test_what_we_have_no_suffix_for_is_stored_as_plain_bytes() -> None:
    assert suffix_for("video/x-new") == ".bin"
    assert media_type_of("a.bin") == media_type_of("a") == media_type_of("b.mp4/a") == "application/octet-stream"


def test_local_keeps_files_below_the_data_folder(tmp_path: Path) -> None:
    storage = choose(Settings(data=tmp_path))
    assert isinstance(storage, LocalStorage)
    assert storage.local_path("a.mp4") == tmp_path / "files" / "a.mp4"


@pytest.mark.parametrize("url", ["gs://key:secret@bucket", "locl", ""])
def test_another_storage_is_refused_with_what_there_is(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is local") as caught:
        choose(Settings(data=tmp_path, storage=url))
    assert "secret" not in caught.value.message


def test_importing_the_room_is_light() -> None:
    program = (
        "import sys, reelway.storage.choose\n"
        "print([name for name in ('obstore', 'aiohttp', 'av', 'PIL') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
