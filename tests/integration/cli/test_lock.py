"""One owner per data folder, for as long as it lives."""

import os
import threading
import time

import pytest

from reelway.cli.lock import Owner, locked, owner_of
from reelway.errors import ConfigError


def test_the_owner_can_be_found_while_it_holds_the_folder_and_not_after(tmp_path) -> None:
    assert owner_of(tmp_path) is None
    with locked(tmp_path) as tell:
        assert owner_of(tmp_path) == Owner(pid=os.getpid(), url=None)
        tell("http://127.0.0.1:1")
        assert owner_of(tmp_path) == Owner(pid=os.getpid(), url="http://127.0.0.1:1")
        with pytest.raises(ConfigError, match=f"process {os.getpid()} on http://127.0.0.1:1"), locked(tmp_path):
            pass
    assert owner_of(tmp_path) is None
    with locked(tmp_path):
        pass


def test_looking_for_the_owner_never_keeps_a_server_from_starting(tmp_path) -> None:
    """The look takes the same lock for a moment."""
    looking = True

    def look() -> None:
        while looking:
            owner_of(tmp_path)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            with locked(tmp_path):
                pass
    finally:
        looking = False
        thread.join()
