"""A request is looked up in a table and never becomes a path on the disk, however it is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pellucid import Network
from pellucid.layers import Linear

SECRET = "the private file beside the model"

# Names that would lead elsewhere if they became paths: up, to roots, to devices, past ends, beside the folder.
NAMES = (
    *("..", "../api.py", "../../../../etc/passwd", "/etc/passwd", "//etc/passwd", "../static-evil/x", "../secret.txt"),
    *(
        "secret.txt",
        "../../secret.txt",
        "model.safetensors",
        "../model.safetensors",
        "link",
        "link/passwd",
        "../link/passwd",
    ),
    *(
        "%2e%2e/api.py",
        "..%2fapi.py",
        "%2e%2e%2fapi.py",
        "%252e%252e%252fapi.py",
        "%25252e%25252e/api.py",
        "..%5capi.py",
    ),
    *("..\\api.py", "..\\..\\secret.txt", "%5c%5cserver%5cshare", "\\\\server\\share\\x", "//server/share/x"),
    *("C:/Windows/win.ini", "C:\\Windows\\win.ini", "file:///etc/passwd", "C:", "CON", "NUL.js", "js/main.js::$DATA"),
    *(
        "%c0%ae%c0%ae/api.py",
        "%c0%af",
        "%e0%80%ae",
        "%u002e%u002e/api.py",
        "．．/api.py",
        "..;/api.py",
        "js/;/../api.py",
    ),
    *("index.html%00.js", "%00", "js/main.js%00", "index.html;.js", "index.html?", "index.html/", "index.html/.."),
    *("js/../index.html", "./index.html", "//index.html", "js//main.js", "js/./main.js", "INDEX.HTML", "js/MAIN.js"),
    *("js", "js/", "js/main", "js/main.js.map", "js/main.js~", ".js", "", " ", "index.html ", " index.html"),
    *("index\n.html", "index.html\r\nx: y", "~root", "$HOME", "%HOME%", "*", "js/*.js", "[", "{name}", "api.py"),
    *("/proc/self/environ", "/dev/zero", "../__pycache__", "a" * 65_536, "../" * 5_000 + "etc/passwd", "é", "\u202e"),
)

# A process of its own: whoever watches for opened files does so for ever, in every thread.
WATCHED = """
import json, sys
from conftest import PORT, ask_raw
import pellucid
from pellucid.explorer.gate import Keys
from pellucid.explorer.server import every_door, guarded
from pellucid.explorer.session import Session
from pellucid.layers import Linear

names, touched, keys = json.load(sys.stdin), [], Keys()
net = pellucid.Network(2, [Linear(2)])
net.load_weights("model.safetensors")
session = Session(net)
gate = guarded(session, PORT, keys)
doors = [door.path for door in every_door(session) if door.path.startswith("/api/")]
headers = [("host", f"127.0.0.1:{PORT}"), ("cookie", f"pellucid-{PORT}={keys.token}")]


def ask(path):
    first, last = ask_raw(gate, path, headers)
    return first["status"], last["body"].decode(errors="replace")


ask("/static/js/none.js")  # whatever is imported on the way is imported now


def watch(event, args):
    if event == "open" or event.startswith(("os.", "shutil.", "glob.", "pathlib.", "subprocess.")):
        touched.append([event, *map(str, args)])


sys.addaudithook(watch)
answers = [ask(prefix + name) for prefix in ("/static/", "/") for name in names]
answers += [ask(door + "/" + name) for door in doors for name in names[:20]]
json.dump([answers, ask("/static/js/main.js")[0], touched], sys.stdout)
"""


def test_there_are_sixty_ways(tmp_path: Path) -> None:
    """All are different, and where names are paths, some of them do lead to the private file."""
    assert len(set(NAMES)) == len(NAMES) >= 60
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "static").mkdir()
    found = [name for name in NAMES if len(name) < 99 and "\0" not in name and (tmp_path / "static" / name).is_file()]
    assert "../secret.txt" in found


def test_a_name_that_is_not_in_the_table_is_not_found(tmp_path: Path) -> None:
    """Every one gets 404, and to answer it no file is touched: not the one beside the model, and not through a link."""
    Network(2, [Linear(2)]).save(tmp_path / "model.safetensors")
    (tmp_path / "secret.txt").write_text(SECRET)
    (tmp_path / "link").symlink_to("/etc")
    rooms = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "src"), *sys.path]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(rooms)}
    done = subprocess.run(
        [sys.executable, "-c", WATCHED],
        input=json.dumps(NAMES),
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    answers, known, touched = json.loads(done.stdout)
    asked = [prefix + name for prefix in ("/static/", "/") for name in NAMES]
    assert len(answers) > len(asked)
    assert [path for path, (status, _) in zip(asked, answers, strict=False) if status != 404] == ["/"]  # the page
    assert {status for status, _ in answers[len(asked) :]} == {404}
    assert not [body for _, body in answers if SECRET in body or "root:" in body]
    assert known == 200
    assert touched == []
