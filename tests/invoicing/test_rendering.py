"""The renderer's process: walled in, killed for time or memory, and there again for the next page."""

import io
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from pypdf import PdfReader

from invoicing import documents
from invoicing.models import Delivery, Document
from invoicing.paper import rendering, scratch
from invoicing.services import carrying, papering, sweeping
from tests import factories
from tests.processes import until

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks where Linux shows it, or needs its limits")
PAGE = "<p>Dunlin <b>242.00</b></p>"


@pytest.fixture
def press(monkeypatch):
    """A renderer of this test alone."""
    press = rendering.Press()
    monkeypatch.setattr(rendering, "_press", press)
    yield press
    press.end()


@pytest.fixture
def impatient(press, monkeypatch):
    """No page may take longer than a second, once the renderer is warm."""
    rendering.render(PAGE)
    monkeypatch.setattr(rendering, "SECONDS", 1)


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


def rows(n) -> str:
    return f"<table repeat='1'>{'<tr><td>Part</td><td>242.00</td></tr>' * n}</table>"


# --- Time and memory ------------------------------------------------------------------------------------------

BOMBS = {
    "50,000 lines": rows(50_000),
    "tables in tables": "<table><tr><td>" * 60 + "x" + "</td></tr></table>" * 60 + rows(3000),
    "deeper than anybody": "<div>" * 100_000,
    "backslashes": f"<p>{chr(92) * 40}</p>" + f"<p style='color: {chr(92) * 40}x'>x</p>" * 5000,
    "more than ten million signs": "x" * 11_000_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_page_without_end_is_ended_and_the_next_one_is_drawn(bomb, impatient, monkeypatch):
    with pytest.raises(rendering.RenderFailure) as failed:
        rendering.render(bomb)

    assert str(failed.value) == "The page is too large, or took longer than 1 seconds."
    monkeypatch.setattr(rendering, "SECONDS", 60)
    assert text_of(rendering.render(PAGE)[0]) == "Dunlin 242.00"


def test_a_renderer_that_hears_nothing_any_more_is_killed(press, monkeypatch):
    rendering.render(PAGE)
    monkeypatch.setattr(rendering, "SECONDS", 1)
    stuck = press._process
    os.kill(stuck.pid, 19)  # SIGSTOP: as one that hangs where no Python runs

    with pytest.raises(rendering.RenderFailure, match="longer than 1 seconds"):
        rendering.render(PAGE * 10_000)

    assert stuck.poll() == -9
    assert press._process.pid != stuck.pid


@linux
def test_a_page_that_eats_memory_is_refused_in_words_and_the_next_one_is_drawn(press, monkeypatch):
    monkeypatch.setattr(rendering, "MEMORY", 160)
    rendering.render(PAGE)
    eater = press._process

    with pytest.raises(rendering.RenderFailure) as failed:
        rendering.render(f"<p>{'word ' * 1_800_000}</p>")

    assert str(failed.value) == "The page is too large: it needs more than 160 MB of memory."
    assert eater.poll() is not None
    assert text_of(rendering.render(PAGE)[0]) == "Dunlin 242.00"


def test_a_renderer_that_was_shot_between_two_pages_is_not_missed(press):
    rendering.render(PAGE)
    press._process.kill()
    press._process.wait()

    assert text_of(rendering.render(PAGE)[0]) == "Dunlin 242.00"


def test_what_a_killed_renderer_wrote_is_cleared_away(impatient, press):
    scratch = Path(press._scratch[0])
    assert scratch.is_dir()

    with pytest.raises(rendering.RenderFailure):
        rendering.render(BOMBS["50,000 lines"])

    assert not scratch.exists()


# --- Turns and processes --------------------------------------------------------------------------------------


def test_one_process_draws_page_after_page(press):
    drawn = {rendering.render(PAGE)[0][:5] for _page in range(3)}
    first = press._process.pid
    rendering.render(PAGE)

    assert drawn == {b"%PDF-"}
    assert press._process.pid == first


def test_threads_take_turns_and_none_gets_anothers_page(press):
    found = {}

    def draw(n):
        found[n] = text_of(rendering.render(f"<p>page {n}</p>")[0])

    threads = [threading.Thread(target=draw, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == {n: f"page {n}" for n in range(8)}


def _draw_after_fork(answers):
    answers.put((text_of(rendering.render("<p>forked</p>")[0]), rendering._press._process.pid))
    rendering._press.end()


def test_a_forked_worker_has_a_renderer_of_its_own(press):
    rendering.render(PAGE)
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()
    worker = fork.Process(target=_draw_after_fork, args=(answers,))

    worker.start()
    text, pid = answers.get(timeout=60)
    worker.join()

    assert text == "forked"
    assert pid != press._process.pid
    assert text_of(rendering.render(PAGE)[0]) == "Dunlin 242.00"


@linux
def test_the_renderer_ends_with_whoever_started_it():
    script = (
        "from invoicing.paper import rendering; rendering.start(); "
        "print(rendering._press._process.pid, flush=True); import os; os._exit(9)"
    )
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    found = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)

    pid = int(found.stdout)
    for _moment in range(200):
        if not Path(f"/proc/{pid}").exists() or "zombie" in Path(f"/proc/{pid}/status").read_text():
            break
        time.sleep(0.1)
    else:
        pytest.fail("the renderer outlives its keeper")


HOLDER = """
import os, signal
from invoicing.paper import rendering
rendering.render("<p>1</p>")
print(rendering._press._process.pid, rendering._press._scratch[0], flush=True)
signal.pause()
"""


@linux
def test_a_folder_whose_users_were_all_killed_goes_with_the_next_start_and_one_in_use_stays(
    tmp_path, press, monkeypatch
):
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "TMPDIR": str(tmp_path)}
    monkeypatch.setattr(scratch.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(scratch, "SETTLED", 0)
    keeper = subprocess.Popen([sys.executable, "-c", HOLDER], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        renderer, folder = keeper.stdout.readline().split()
        scratch.clear_abandoned()
        assert Path(folder).is_dir()

        os.kill(int(renderer), 19)  # stopped, so that it cannot clear up after itself
        keeper.kill()
        keeper.wait()
        scratch.clear_abandoned()
        assert Path(folder).is_dir(), "the renderer still lives"
        os.kill(int(renderer), 9)
    finally:
        keeper.kill()
        keeper.wait()
        keeper.stdout.close()

    until(lambda: scratch.clear_abandoned() or not Path(folder).exists(), within=20)


def test_what_only_looks_like_a_scratch_folder_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(scratch, "SETTLED", 0)
    (tmp_path / "precious").mkdir(mode=0o700)
    (tmp_path / f"{scratch.PREFIX}link").symlink_to(tmp_path / "precious")
    (tmp_path / f"{scratch.PREFIX}file").write_text("kept")
    (tmp_path / f"{scratch.PREFIX}open").mkdir(mode=0o755)
    (tmp_path / f"{scratch.PREFIX}left").mkdir(mode=0o700)

    scratch.clear_abandoned()

    left = sorted(path.name.removeprefix(scratch.PREFIX) for path in tmp_path.iterdir())
    assert left == ["file", "link", "open", "precious"]


# --- The wall -------------------------------------------------------------------------------------------------

PROBE = """
import json, os, socket, subprocess, sys, tempfile
from pathlib import Path
from invoicing.paper import drawing
found = {}
def attempt(name, act):
    try:
        act()
        found[name] = "done"
    except PermissionError:
        found[name] = "refused"
wall = drawing.Wall(tempfile.gettempdir())
wall.roots = (sys.argv[1],)
wall.build()
attempt("secret", lambda: Path(sys.argv[2]).read_bytes())
attempt("environment", lambda: open("/proc/self/environ").read())
attempt("over a link", lambda: open(sys.argv[1] + "/link").read())
attempt("beside the fonts", lambda: open(sys.argv[1] + "/../secret").read())
attempt("write among the fonts", lambda: open(sys.argv[1] + "/new", "w"))
attempt("low level", lambda: os.open(sys.argv[2], os.O_RDONLY))
attempt("call", lambda: socket.create_connection(("127.0.0.1", int(sys.argv[3]))))
attempt("look up", lambda: socket.getaddrinfo("localhost", 80))
attempt("run", lambda: subprocess.run(["true"]))
attempt("system", lambda: os.system("true"))
attempt("font", lambda: open(sys.argv[1] + "/font").read())
attempt("scratch", lambda: tempfile.NamedTemporaryFile().write(b"x"))
print(json.dumps(found))
"""


def test_behind_the_wall_there_are_fonts_and_scratch_paper_and_nothing_else(tmp_path):
    (tmp_path / "fonts").mkdir()
    (tmp_path / "scratch").mkdir()
    (tmp_path / "fonts" / "font").write_text("glyphs")
    secret = tmp_path / "secret"
    secret.write_text("bank")
    (tmp_path / "fonts" / "link").symlink_to(secret)

    probe = subprocess.run(
        [sys.executable, "-c", PROBE, str(tmp_path / "fonts"), str(secret), "9"],
        env={"TMPDIR": str(tmp_path / "scratch")},
        capture_output=True,
        text=True,
        check=True,
    )

    found = json.loads(probe.stdout)
    assert {name for name, outcome in found.items() if outcome == "done"} == {"font", "scratch"}
    assert len(found) == 12


@linux
def test_the_renderer_is_told_no_secret(press, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "the-key-of-everything")
    monkeypatch.setenv("DATABASE_URL", "postgres://us:password@db/dunlin")
    rendering.render(PAGE)

    told = Path(f"/proc/{press._process.pid}/environ").read_bytes()

    assert b"the-key" not in told
    assert b"password" not in told


# --- What becomes of the invoice ------------------------------------------------------------------------------


@pytest.fixture
def endless(monkeypatch, impatient):
    """Every invoice's page is a bomb; `endless()` makes them pages again."""
    make = documents.render_to_string
    monkeypatch.setattr(documents, "render_to_string", lambda *args: BOMBS["50,000 lines"])

    def over():
        monkeypatch.setattr(documents, "render_to_string", make)
        monkeypatch.setattr(rendering, "SECONDS", 60)

    return over


def test_a_delivery_whose_page_cannot_be_made_fails_in_words_and_the_next_one_goes(db, bell, endless, mailoutbox):
    first = factories.queued()
    carrying.carry_waiting(first=first.pk)

    first.refresh_from_db()
    assert (first.status, first.reason) == ("failed", "The page is too large, or took longer than 1 seconds.")
    assert mailoutbox == []
    assert Document.objects.count() == 0

    endless()
    second = factories.queued(factories.opened(first.documents.get().invoice.customer))
    carrying.carry_waiting(first=second.pk)

    assert Delivery.objects.get(pk=second.pk).status == "sent"
    assert len(mailoutbox) == 1


def test_a_page_that_cannot_be_made_is_told_once_and_nobody_rings_for_it_again(db, bell, endless, clerk, as_role):
    invoice = factories.opened()
    bell.carry()

    sweeping.sweep()

    assert bell.rings == []
    page = as_role(clerk).get(f"/invoices/{invoice.pk}/").content.decode()
    assert page.count("could not make the PDF") == 1
    assert "The page is too large, or took longer than 1 seconds." in page

    endless()
    assert as_role(clerk).get(f"/invoices/{invoice.pk}/pdf/").content.startswith(b"%PDF-")
    assert list(papering.unmade(at=invoice.opened_at)) == []
