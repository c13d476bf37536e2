"""Takes pictures of the pages: the folder is the argument.

They show what `stormcell demo` groups; codebooks are those of docs/model-operations.md.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "scripts"))

from operations import played
from palette import shrunk
from playwright.sync_api import Page, sync_playwright

CHROMIUM = ROOT / ".services" / "bin" / "chromium"
PROGRAM = (sys.executable, "-m", "stormcell")
SIZE = {"width": 1400, "height": 900}
LARGEST = 250_000


def run(*arguments: str) -> None:
    """Run the program."""
    subprocess.run([*PROGRAM, *arguments], check=True, stdout=subprocess.DEVNULL)


def keep(page: Page, folder: Path, name: str) -> None:
    """Take a picture of what is shown."""
    page.mouse.move(0, 0)
    page.evaluate("() => document.activeElement?.blur()")
    page.wait_for_timeout(500)
    path = folder / f"{name}.png"
    path.write_bytes(shrunk(page.screenshot()))
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path} is larger than {LARGEST} bytes; show less on it")


@contextmanager
def served(store: Path, *options: str) -> Iterator[str]:
    """Serve the pages of a store; yields their address."""
    command = [*PROGRAM, "web", "--store", str(store), "--port", "0", "--no-browser", *options]
    web = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert web.stdout is not None
    try:
        yield web.stdout.readline().strip()
    finally:
        web.terminate()
        web.wait()


def pages(page: Page, url: str, folder: Path) -> None:
    """Take pictures of the pages."""
    page.goto(url)
    page.locator("[data-act=a]").nth(1).click()
    page.locator("#toasts .toast").wait_for()
    page.locator("#toasts .toast").evaluate("(toast) => toast.remove()")
    keep(page, folder, "triage")
    page.emulate_media(color_scheme="dark")
    keep(page, folder, "triage-dark")
    page.emulate_media(color_scheme="light")
    group = page.locator("[data-group]").nth(1).get_attribute("data-group")
    for name, path in (
        ("group", f"groups/{group}"),
        ("runbook", f"groups/{group}/draft/runbook"),
        ("postmortem", f"groups/{group}/draft/postmortem"),
    ):
        page.goto(url + path)
        keep(page, folder, name)


def main(folder: Path) -> None:
    """Take all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary, sync_playwright() as playwright:
        out = Path(temporary) / "out"
        run("demo", "--out", str(out))
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE, color_scheme="light")
        with served(out) as url:
            pages(page, url, folder)
        model = Path(temporary) / "model"
        model.mkdir()
        played(model, "codebook canary status")
        with served(model / "out", "--config", str(model / "stormcell.yaml")) as url:
            page.goto(f"{url}codebooks")
            keep(page, folder, "codebooks")
        run("report", "--store", str(out), "--out", str(out / "report.html"))
        page.goto((out / "report.html").as_uri() + "#timeline")
        keep(page, folder, "report")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
