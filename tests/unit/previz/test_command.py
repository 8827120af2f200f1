"""`python -m reelway.previz`, called in this process."""

import json
from pathlib import Path

import pytest
from PIL import Image

from reelway.previz.__main__ import main


def test_the_command_renders_and_says_what_it_understood(
    cache_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "a.mp4"
    arguments = ["a duck on a river", "-o", str(out), "--size", "64x64", "--duration", "0.2", "--fps", "10"]
    assert main([*arguments, "--cache-dir", str(cache_dir)]) == 0
    assert out.exists()
    said = capsys.readouterr()
    assert said.out == ""
    assert "subject: duck" in said.err


def test_the_command_says_what_it_found_in_a_picture(
    cache_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "a.png")
    arguments = ["rain", "-o", str(tmp_path / "a.mp4"), "--size", "64x64", "--image", str(tmp_path / "a.png")]
    assert main([*arguments, "--duration", "0.1", "--fps", "10", "--cache-dir", str(cache_dir)]) == 0
    assert "picture: nothing stands out, depth by nothing, what stirs: rain" in capsys.readouterr().err


def test_a_picture_that_is_not_there_is_exit_code_one(
    cache_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["x", "-o", str(tmp_path / "a.mp4"), "--size", "64x64", "--image", str(tmp_path / "none.png")]
    assert main([*arguments, "--cache-dir", str(cache_dir)]) == 1
    assert "not there" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--size", "big"], ["--size", "63x64"], ["--move", "teleport"], ["--fps", "0"]])
def test_a_wrong_argument_is_exit_code_two(cache_dir: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["x", "--cache-dir", str(cache_dir), *wrong])
    assert ended.value.code == 2


def test_warm_alone_needs_no_prompt(cache_dir: Path) -> None:
    assert main(["--warm", "--cache-dir", str(cache_dir)]) == 0


def test_understanding_alone_needs_no_kernels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["two red cars", "--understand", "--cache-dir", str(tmp_path / "none")]) == 0
    assert json.loads(capsys.readouterr().out)["cast"][0]["count"] == 2
    assert not (tmp_path / "none").exists()


def test_the_camera_is_written_beside_the_clip(cache_dir: Path, tmp_path: Path) -> None:
    arguments = ["a river, orbit", "-o", str(tmp_path / "a.mp4"), "--size", "64x64", "--duration", "0.3", "--fps", "10"]
    for name in ("way.json", "way.gltf"):
        assert main([*arguments, "--camera", str(tmp_path / name), "--cache-dir", str(cache_dir)]) == 0
    assert len(json.loads((tmp_path / "way.json").read_text())["frames"]) == 3
    assert json.loads((tmp_path / "way.gltf").read_text())["cameras"][0]["type"] == "perspective"
