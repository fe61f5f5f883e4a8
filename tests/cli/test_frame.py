"""What all commands share: one message for bad input, exit codes, and manners towards whoever reads the output."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-m", "pellucid"]


def run(*args, **options) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    return subprocess.run([*COMMAND, *args], capture_output=True, text=True, check=False, **options)


BAD_INPUT = {
    "a network that is not there": (("summary", "resnet10"), "network 'resnet10'", "did you mean 'resnet101'?"),
    "a file that is not there": (("summary", "no.safetensors"), "no.safetensors", "check its path and name"),
    "a file of another kind": (("summary", "photo.jpg"), "the suffix '.jpg', an image", "the network first, then"),
    "a folder": (("summary", "./photos"), "got       a folder", "give the path of a file"),
    "an image that is not there": (("predict", "net.safetensors", "no.png"), "image 'no.png'", "correct the path"),
    "an image that is none": (("predict", "net.safetensors", "net.safetensors"), "net.safetensors", "fix"),
    "a sample that is not there": (
        ("explain", "net.safetensors", "digits:360", "conv1[0,0,0]"),
        "test image '360'",
        "digits:0 to digits:359",
    ),
    "a sample that is no number": (("predict", "net.safetensors", "digits:x"), "test image 'x'", "digits:17"),
    "a sample of another shape": (
        ("predict", "lenet5", "digits:1"),
        "got       shape (1, 8, 8)",
        "give an image's file",
    ),
    "a layer that is not there": (
        ("explain", "net.safetensors", "photo.jpg", "conv9[0,0,0]"),
        "layer 'conv9'",
        "did you mean 'conv1'?",
    ),
    "a place that is not there": (
        ("explain", "net.safetensors", "photo.jpg", "conv1[0,8,0]"),
        "the place [0,8,0]",
        "the last is 'conv1[7,7,7]'",
    ),
    "an engine that is not there": (
        ("explain", "net.safetensors", "photo.jpg", "linear1[0]", "--engine", "referenc"),
        "engine 'referenc'",
        "did you mean 'reference'?",
    ),
    "data that are not there": (("train", "lenet5", "digit", "-o", "a.safetensors"), "data set 'digit'", "'digits'?"),
    "data of another shape": (
        ("train", "digits", "photos", "-o", "a.safetensors", "--size", "9x9"),
        "(1, 8, 8)",
        "fix",
    ),
    "a size that is none": (
        ("train", "lenet5", "photos", "-o", "a.safetensors", "--size", "9"),
        "--size",
        "write for instance 64x48",
    ),
    "an output of another kind": (("train", "digits", "digits", "-o", "a.txt"), "the suffix '.txt'", "'a.safetensors'"),
    "an output in no folder": (
        ("train", "digits", "digits", "-o", "x/a.safetensors"),
        "no folder 'x'",
        "make the folder",
    ),
    "an optimizer that is not there": (
        ("train", "digits", "digits", "-o", "a.safetensors", "--optimizer", "adem"),
        "optimizer 'adem'",
        "did you mean 'adam'?",
    ),
    "a rate that is none": (
        ("train", "digits", "digits", "-o", "a.safetensors", "--rate", "-1"),
        "SGD",
        "fix",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_one_message_and_exit_code_2(pellucid, folder, name):
    """Bad input gives one error of four lines on the error stream, nothing on the output, and leaves no file."""
    args, got, fix = BAD_INPUT[name]
    before = sorted(folder.rglob("*"))
    result = pellucid(*args)
    assert result.exit_code == 2
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert [line.split()[0] for line in lines] == ["error:", "got", "expected", "fix"]
    assert got in result.stderr
    assert fix in result.stderr
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("summary",), "Missing argument 'MODEL'"),
        (("summary", "lenet5", "--colour"), "No such option"),
        (("sumary", "lenet5"), "No such command 'sumary'"),
        (("predict", "lenet5", "photo.jpg", "--top", "0"), "--top"),
        (("explore", "--port", "99999"), "--port"),
        (("train", "lenet5", "digits"), "--output"),
    ],
)
def test_a_command_that_is_mistyped(pellucid, args, said):
    """A command line that cannot be is refused with exit code 2, too."""
    result = pellucid(*args)
    assert result.exit_code == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("args", [("--debug", "summary", "x.safetensors"), ("summary", "x.safetensors", "--debug")])
def test_debug_shows_where_an_error_came_from(pellucid, args):
    """With --debug, wherever it stands, the error comes with a traceback."""
    result = pellucid(*args)
    assert result.exit_code == 2
    assert result.stderr.startswith("Traceback")
    assert "\nerror: x.safetensors\n" in result.stderr


def test_an_error_of_the_system_is_told(pellucid, monkeypatch):
    """What the system refuses is an error like any other."""

    def refuse(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pellucid.explain.summarize", refuse)
    result = pellucid("summary", "lenet5")
    assert (result.exit_code, result.stderr) == (2, "error: [Errno 28] No space left on device\n")


def test_a_fault_of_ours_is_not_hidden(pellucid, monkeypatch):
    """An error that no one foresaw keeps its traceback."""

    def fail(*args):
        raise ZeroDivisionError

    monkeypatch.setattr("pellucid.explain.summarize", fail)
    assert isinstance(pellucid("summary", "lenet5").exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "command", [("summary", "lenet5"), ("predict", "digits", "digits:1"), ("explore", "--no-open")]
)
def test_ctrl_c_ends_with_130(pellucid, monkeypatch, command):
    """Ctrl-C anywhere, in a training too, ends the command with exit code 130 and no traceback."""

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("pellucid.explain.summarize", interrupt)
    monkeypatch.setattr("pellucid.train.loop._Training._epoch", interrupt)
    result = pellucid(*command)
    assert result.exit_code == 130
    assert "Traceback" not in result.stderr


def test_a_reader_that_went_away(tmp_path):
    """When whoever reads the output closes it, the command ends without a word."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, "summary", "lenet5"], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.returncode == 1
    assert done.stderr == b""


def test_a_closed_output():
    """Without an output there is nothing to say, and nothing to complain about."""
    done = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m pellucid summary lenet5 >&-"], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_full_disk():
    """An output that cannot be written is one error."""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*COMMAND, "summary", "lenet5"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "error: [Errno 28] No space left on device\n"


def test_a_terminal_without_our_signs():
    """Where the output knows only ASCII, signs that it lacks become question marks."""
    done = run("summary", "lenet5", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "conv1" in done.stdout
    assert done.stdout.isascii()


def test_the_help_comes_at_once():
    """The help loads nothing that it does not need."""
    heavy = "rich sklearn scipy torch PIL starlette uvicorn safetensors llvmlite pooch"
    code = (
        "import sys; from pellucid.cli import main; sys.argv = ['pellucid', 'train', '--help']\n"
        "try: main()\n"
        f"except SystemExit: print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_script_and_the_module_are_the_same():
    """`python -m pellucid` is the command, under its own name."""
    assert "Usage: pellucid summary" in run("summary", "--help").stdout


def test_explore_prints_its_address_and_ends_by_ctrl_c(folder):
    """The address stands on a line of its own while the explorer runs, and Ctrl-C is its proper end."""
    command = [*COMMAND, "explore", "net.safetensors", "--no-open"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate()
    finally:
        process.kill()
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/\?token=[\w-]+\n", line)
    assert (process.returncode, output, errors) == (0, "", "The explorer is at this address, until Ctrl-C:\n")


def test_a_terminal_gets_colours_and_its_width(folder):
    """On a terminal a drawing has colours; everywhere else it is plain text."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "90"}
    subprocess.run(
        [*COMMAND, "explain", "net.safetensors", "digits:1", "linear1[0]"], stdout=theirs, env=environment, check=True
    )
    os.close(theirs)
    shown = os.read(ours, 10_000)
    os.close(ours)
    assert b"\x1b[1;36mlinear1" in shown
    assert "\x1b" not in run("explain", "net.safetensors", "digits:1", "linear1[0]").stdout


@pytest.mark.parametrize("error", [MemoryError(), MemoryError("Unable to allocate 8.00 GiB")])
def test_the_end_of_the_memory_is_one_message(pellucid, monkeypatch, error):
    """What does not fit the memory is told with what came, what is needed and what to do, and no traceback."""

    def fail(*args):
        raise error

    monkeypatch.setattr("pellucid.explain.summarize", fail)
    result = pellucid("summary", "lenet5")
    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        "error: pellucid summary",
        f"  got       {str(error) or 'no memory left'}",
        "  expected  what fits the memory of this machine",
        "  fix       take a smaller network, fewer images or smaller batches, or close other programs",
    ]


@pytest.mark.parametrize(
    "args",
    [
        ("summary", "x" * 5000),
        ("summary", f"{'x' * 5000}.safetensors"),
        ("predict", "net.safetensors", "x" * 5000),
        ("predict", "net.safetensors", "digits:" + "9" * 5000),
        ("explain", "net.safetensors", "photo.jpg", "x" * 5000),
        ("train", "x" * 5000, "digits", "-o", "a.safetensors"),
        ("train", "digits", "digits", "-o", f"{'x' * 5000}.safetensors"),
    ],
)
def test_what_is_far_too_long_is_told_shortened(pellucid, args):
    """A name of thousands of characters is refused in four lines that can be read."""
    result = pellucid(*args)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert [line.split()[0] for line in lines] == ["error:", "got", "expected", "fix"]
    assert max(map(len, lines)) <= 400


def test_an_error_does_not_steer_the_terminal(pellucid):
    """Escape sequences in what is told of bad input are shown, not sent."""
    stderr = pellucid("explain", "net.safetensors", "photo.jpg", "conv1[\x1b[2J]").stderr
    assert "\\x1b" in stderr
    assert "\x1b" not in stderr
