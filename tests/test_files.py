"""Files: who may read and write them, what is none, and that nothing hangs or is half written."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from brokerkit import files
from tests.strangers import STRANGER, give_away, posix

Read = Callable[[Path], bytes]
READERS: dict[str, Read] = {
    "private": files.read_private,
    "trusted": files.read_trusted,
    "plain": files.read_plain,
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a private file in a folder of its own."""
    made = tmp_path / "folder" / "file"
    files.write_private(made, "content")
    return made


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o777])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Work under a mask that takes rights away, or none."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@posix
@pytest.mark.usefixtures("umask")
def test_whatever_the_umask_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file"
    files.write_private(path, SecretStr("content"))
    files.make_private(path.with_name("empty"))
    files.private_folder(tmp_path / "c" / "d")
    folders = [tmp_path / "a", path.parent, tmp_path / "c", tmp_path / "c" / "d"]
    assert [mode(folder) for folder in folders] == [0o700] * 4
    assert [mode(path), mode(path.with_name("empty"))] == [0o600] * 2
    assert files.read_private(path) == b"content"


@posix
def test_a_folder_above_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)
    files.private_folder(tmp_path / "open" / "own")
    files.write_private(tmp_path / "open" / "file", "content")
    assert mode(tmp_path / "open") == 0o755


@posix
@pytest.mark.parametrize("reader", READERS)
def test_a_pipe_is_refused_and_holds_nobody_up(reader: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(files.Unfit, match="no plain file"):
        READERS[reader](tmp_path / "pipe")


@pytest.mark.parametrize("reader", READERS)
def test_a_folder_or_a_giant_is_refused(reader: str, path: Path) -> None:
    with pytest.raises(files.Unfit, match="no plain file"):
        READERS[reader](path.parent)
    path.write_bytes(b"x" * (files.LARGEST + 1))
    with pytest.raises(files.Unfit, match="larger than"):
        READERS[reader](path)


@posix
@pytest.mark.parametrize("reader", ["private", "plain"])
def test_a_link_is_refused_where_only_the_file_itself_counts(reader: str, path: Path) -> None:
    path.with_name("link").symlink_to(path)
    with pytest.raises(OSError, match=r"link") as refused:
        READERS[reader](path.with_name("link"))
    assert files.reason(refused.value) == "it is a link"


@posix
@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o602])
def test_a_private_file_is_for_nobody_else(bits: int, path: Path) -> None:
    path.chmod(bits)
    with pytest.raises(files.Unfit, match="others can read or write it") as refused:
        files.read_private(path)
    assert refused.value.advice == f"Run: chmod 600 '{path}'"
    with pytest.raises(files.Unfit):
        files.make_private(path)


@posix
def test_a_private_file_of_somebody_else_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_away(path, monkeypatch)
    for use in (files.read_private, files.read_trusted, files.make_private):
        with pytest.raises(files.Unfit, match="belongs to another user"):
            use(path)


@posix
@pytest.mark.parametrize(("bits", "words"), [(0o602, "everybody can write it"), (0o620, "not yours alone")])
def test_a_trusted_file_can_be_written_by_nobody_else(
    bits: int, words: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.chmod(bits)
    monkeypatch.setattr("grp.getgrgid", lambda number: type("Group", (), {"gr_name": "staff", "gr_mem": []}))
    monkeypatch.setattr(files, "ROOT", -1)
    with pytest.raises(files.Unfit, match=words) as refused:
        files.read_trusted(path)
    assert refused.value.advice == f"Run: chmod go-w '{path}'"
    path.chmod(0o644)
    assert files.read_trusted(path) == b"content"


@posix
@pytest.mark.parametrize(("members", "own"), [([], True), (["me"], True), (["me", "you"], False)])
def test_a_group_named_like_the_user_with_nobody_else_in_it_is_ones_own(
    members: list[str], own: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.chmod(0o664)
    monkeypatch.setattr("pwd.getpwuid", lambda number: type("User", (), {"pw_name": "me"}))
    monkeypatch.setattr("grp.getgrgid", lambda number: type("Group", (), {"gr_name": "me", "gr_mem": members}))
    monkeypatch.setattr(files, "ROOT", -1)
    if own:
        assert files.read_trusted(path) == b"content"
    else:
        with pytest.raises(files.Unfit, match="not yours alone"):
            files.read_trusted(path)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can make files of root")
def test_a_trusted_file_of_root_is_taken_a_private_one_is_not(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: STRANGER)
    assert files.read_trusted(path) == b"content"
    with pytest.raises(files.Unfit):
        files.read_private(path)


@posix
def test_a_trusted_link_leads_to_a_trusted_file_and_is_ones_own(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    assert files.read_trusted(link) == b"content"
    path.chmod(0o666)
    with pytest.raises(files.Unfit):
        files.read_trusted(link)
    path.chmod(0o600)
    give_away(link, monkeypatch)
    with pytest.raises(files.Unfit, match="belongs to another user"):
        files.read_trusted(link)


@posix
def test_a_folder_in_which_everybody_can_exchange_the_file_is_refused(path: Path) -> None:
    path.parent.chmod(0o777)
    with pytest.raises(files.Unfit, match="everybody can put another file into") as refused:
        files.read_trusted(path)
    assert refused.value.advice == f"Run: chmod o-w '{path.parent}'"
    path.parent.chmod(0o1777)  # as the folder for temporary files: there, nobody can exchange what is not theirs
    assert files.read_trusted(path) == b"content"


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            files.write_private(path, "new")
    assert files.read_private(path) == b"content"
    assert [each.name for each in path.parent.iterdir()] == ["file"]


def test_what_is_written_is_on_the_disk_before_it_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def noting(name: str) -> Callable[..., None]:
        real = getattr(os, name)

        def call(*given: object) -> None:
            done.append(name)
            real(*given)

        return call

    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, noting(name))
    files.write_private(path, "new")
    assert done[:2] == ["fsync", "replace"]
    assert files.read_private(path) == b"new"


@posix
def test_a_link_or_pipe_is_replaced_and_not_written_into(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.with_name("link").symlink_to(path)
    for name in ("pipe", "link"):
        files.write_private(path.with_name(name), "new")
        assert files.read_private(path.with_name(name)) == b"new"
    assert files.read_private(path) == b"content"


@pytest.mark.parametrize("named", ["state", "./state", "$HOME/state", " "])
def test_a_folder_that_a_variable_names_is_a_whole_path(named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_DIR", named)
    with pytest.raises(files.Unfit, match=r"SOME_DIR names .*which is no whole path") as refused:
        files.folder_of("SOME_DIR", Path.cwd)
    assert refused.value.advice == "Set SOME_DIR to a whole path, or one that begins with ~."


def test_a_folder_of_a_variable_may_begin_with_the_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("SOME_DIR", "~/state")
    assert files.folder_of("SOME_DIR", Path.cwd) == tmp_path / "state"
    monkeypatch.setenv("SOME_DIR", "~nobody-of-that-name/state")
    with pytest.raises(files.Unfit):
        files.folder_of("SOME_DIR", Path.cwd)


def test_a_usual_folder_is_a_whole_path_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_DIR", raising=False)
    assert files.folder_of("SOME_DIR", Path.cwd) == Path.cwd()
    with pytest.raises(files.Unfit, match="the user's folder is relative"):
        files.folder_of("SOME_DIR", lambda: Path("relative"))
