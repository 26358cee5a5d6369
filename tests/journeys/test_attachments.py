"""Files in a conversation: chosen, dropped, pasted, refused, waited for, seen large, kept in a draft."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from tests.journeys.conftest import Person
from tests.journeys.scene import set_scene
from tests.journeys.test_interruptions import sign_in_in_another_tab
from tests.processes import Stack

pytestmark = pytest.mark.services
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
GPS = 0x8825
PICK = "#composer input[type=file]"
# Makes the browser's own event objects, which carry files as a mouse or the clipboard would.
DROP = """([zone, name, bytes, type]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type }));
  for (const kind of ["dragover", "drop"]) {
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    if (kind === "dragover") document.body.dataset.zone = document.querySelector(".files-drop")?.textContent ?? "";
  }
}"""
PASTE = """([area, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "image.png", { type: "image/png" }));
  area.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def photo(path: Path, *, size: tuple[int, int] = (1200, 900), gps: bool = False) -> Path:
    """Write a photo as a phone does, with the place it was taken at when ``gps``."""
    exif = Image.Exif()
    if gps:
        exif[0x010F] = "A phone"
        exif.get_ifd(GPS).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 1.0)})
    Image.linear_gradient("L").resize(size).convert("RGB").save(path, "JPEG", exif=exif)
    return path


def text_file(path: Path, text: str = "Serial number 4711\n") -> Path:
    """Write a plain text."""
    path.write_text(text)
    return path


def png() -> list[int]:
    """Return the bytes of a small picture."""
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "navy").save(out, "PNG")
    return list(out.getvalue())


def open_thread(browser: Browser, stack: Stack, email: str, thread: str, **options: object) -> Person:
    """Sign somebody in and open a thread's page."""
    person = Person(browser, stack, **{"viewport": WIDE, "locale": "en-GB", "reduced_motion": "reduce"} | options)
    person.sign_in(email)
    person.page.goto(f"/messages/{thread}/")
    return person


def hold_uploads(page: Page) -> list[Route]:
    """Keep uploads from arriving; return the list they gather in."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/attachments/", hold)
    return held


def ready(page: Page, count: int) -> None:
    """Wait until so many files can be sent."""
    expect(page.locator(".upload[data-state=ready]")).to_have_count(count, timeout=40_000)


def faults(page: Page) -> list[str]:
    """Return what is inaccessible on the page, and whether it is wider than the window."""
    found = [f"{one['id']} {one['nodes'][0]['target']}" for one in Axe().run(page).response["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return found + (["wider than the window"] if wide else [])


def test_photo_arrives_without_the_place_it_was_taken_at(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    """A photo with GPS and a refused file: the reason is shown, the message goes, the other side gets no place."""
    scene = set_scene(stack)
    taken = photo(tmp_path / "broken shade.jpg", gps=True)
    with Image.open(taken) as image:
        assert dict(image.getexif().get_ifd(GPS))
    lie = text_file(tmp_path / "invoice.pdf")
    buyer = open_thread(browser, stack, scene.buyer, scene.thread, viewport=PHONE, has_touch=True)
    seller = open_thread(browser, stack, scene.seller, scene.thread)
    page = buyer.page
    expect(page.get_by_role("button", name="Attach files")).to_be_visible()
    page.set_input_files(PICK, [taken, lie])
    ready(page, 1)
    refused = page.locator(".upload[data-state=refused]")
    expect(refused.locator(".upload-error")).to_have_text(re.compile("invoice.pdf is not what its name says"))
    expect(page.locator(".upload").first.locator("img")).to_have_js_property("complete", True)
    expect(page.locator(".files-room")).to_have_text(re.compile(r"KB of 10 MB, 1 of 10 files"))
    assert faults(page) == []
    page.fill("textarea[name=body]", "The shade came in two pieces.")
    page.click(".composer-send")
    sent = page.locator(".message").last
    expect(sent).to_contain_text("The shade came in two pieces.")
    expect(sent.locator(".picture img")).to_have_attribute("alt", re.compile(r"broken shade\.jpg"))
    expect(page.locator(".upload")).to_have_count(0)
    assert faults(page) == []

    thumbnail = seller.page.locator(".message .picture img")  # arrived while the thread was open
    expect(thumbnail).to_have_js_property("complete", True)
    assert thumbnail.evaluate("image => image.naturalWidth") > 100
    seller.page.locator(".message .picture a").click()
    with seller.page.expect_download() as download:
        seller.page.get_by_role("link", name="Download").last.click()
    assert download.value.suggested_filename == "broken shade.jpg"
    with Image.open(download.value.path()) as got:
        assert (got.format, got.size, dict(got.getexif())) == ("JPEG", (1200, 900), {})
    assert buyer.complaints + seller.complaints == []


def test_files_are_dropped_pasted_cancelled_and_tried_again(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    """Each way in, and back out: a dropped file, a screenshot, a cancelled upload, one cut off by the network."""
    scene = set_scene(stack)
    person = open_thread(browser, stack, scene.seller, scene.thread, service_workers="block")
    page = person.page
    page.evaluate(DROP, [page.locator("#messages").element_handle(), "guide.txt", list(b"Read me"), "text/plain"])
    assert page.locator("body").get_attribute("data-zone") == "Drop files here to attach them"
    ready(page, 1)
    expect(page.locator(".files-drop")).to_have_count(0)
    page.evaluate(PASTE, [page.locator("textarea[name=body]").element_handle(), png()])
    ready(page, 2)
    expect(page.locator(".upload-name").last).to_have_text(re.compile(r"^screenshot-\d{4}-\d\d-\d\d-\d{4}\.png$"))

    hold_uploads(page)
    page.set_input_files(PICK, [text_file(tmp_path / "slow.txt")])
    expect(page.locator("progress:visible")).to_have_attribute("aria-label", "Uploading slow.txt")
    page.get_by_role("button", name="Cancel slow.txt").click()
    expect(page.locator(".upload")).to_have_count(2)
    page.unroute("**/attachments/")
    page.route("**/attachments/", lambda route: route.abort())
    page.set_input_files(PICK, [text_file(tmp_path / "cut.txt")])
    expect(page.locator(".upload[data-state=failed] .upload-error")).to_have_text(
        "cut.txt did not arrive: no connection."
    )
    page.click(".composer-send")
    expect(page.locator(".composer-left")).to_have_text(re.compile("^Not sent yet: a file has not arrived"))
    page.unroute("**/attachments/")
    page.get_by_role("button", name="Try again: cut.txt").click()
    ready(page, 3)
    page.get_by_role("button", name="Remove guide.txt").click()
    expect(page.get_by_role("button", name=re.compile("^Remove screenshot"))).to_be_focused()
    page.focus("textarea[name=body]")
    page.keyboard.press("Control+Enter")  # files need no words
    sent = page.locator(".message").last
    expect(sent.locator("[data-file]")).to_have_count(2)
    expect(sent.locator(".message-body")).to_have_count(0)
    assert [text for text in person.complaints if "ERR_FAILED" not in text] == []


def test_send_waits_for_files_and_can_stop_waiting(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    """Sent while a file goes up: the message waits, visibly; a file refused meanwhile stays with its reason."""
    scene = set_scene(stack)
    person = open_thread(browser, stack, scene.buyer, scene.thread, service_workers="block", viewport=PHONE)
    page = person.page
    held = hold_uploads(page)
    page.fill("textarea[name=body]", "Here is the number.")
    page.set_input_files(PICK, [text_file(tmp_path / "number.txt"), text_file(tmp_path / "lie.png")])
    page.click(".composer-send")
    expect(page.get_by_text("Sending when the files are there", exact=False).first).to_be_visible()
    assert faults(page) == []
    page.get_by_role("button", name="Stop waiting").click()
    expect(page.get_by_role("button", name="Stop waiting")).to_be_hidden()
    expect(page.locator(".message")).to_have_count(1)
    page.click(".composer-send")
    for route in held:
        route.continue_()
    expect(page.locator(".message")).to_have_count(2)
    expect(page.locator(".message").last.locator("[data-file]")).to_have_count(1)
    expect(page.locator(".upload")).to_have_count(1)
    expect(page.locator(".upload-error")).to_have_text(re.compile("lie.png is not what its name says"))
    expect(page.locator("textarea[name=body]")).to_have_value("")
    assert person.complaints == []


def test_draft_keeps_its_uploads(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    """Text and files survive a reload and another thread; a new conversation can begin with a file."""
    scene = set_scene(stack)
    person = open_thread(browser, stack, scene.buyer, scene.thread)
    page = person.page
    page.set_input_files(PICK, [photo(tmp_path / "lamp.jpg"), text_file(tmp_path / "notes.txt")])
    ready(page, 2)
    page.fill("textarea[name=body]", "To be finished.")
    page.reload()
    ready(page, 2)
    expect(page.locator("textarea[name=body]")).to_have_value("To be finished.")
    page.goto(f"/messages/new/?order={scene.order}")
    page.select_option("select[name=topic]", "product_question")
    page.fill("[name=subject]", f"With a picture {scene.tag}")
    page.set_input_files("#new-thread input[type=file]", [photo(tmp_path / "second.jpg")])
    ready(page, 1)
    assert faults(page) == []
    page.reload()
    ready(page, 1)
    page.select_option("select[name=topic]", "product_question")
    page.click(".composer-send")
    expect(page.locator("#thread-heading")).to_have_text(f"With a picture {scene.tag}")
    expect(page.locator(".message .picture")).to_have_count(1)
    page.goto(f"/messages/{scene.thread}/")
    ready(page, 2)
    page.click(".composer-send")
    expect(page.locator(".message").last.locator("[data-file]")).to_have_count(2)
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => /draft/.test(key))") == []
    assert person.complaints == []


def test_upload_survives_a_lost_session(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    """Signed out while writing: the file says so, and after signing in elsewhere it goes up and out, text and all."""
    scene = set_scene(stack)
    person = open_thread(browser, stack, scene.buyer, scene.thread)
    page = person.page
    page.set_input_files(PICK, [text_file(tmp_path / "before.txt")])
    ready(page, 1)
    person.context.clear_cookies(name="session")
    page.set_input_files(PICK, [text_file(tmp_path / "after.txt")])
    expect(page.locator(".upload-error").last).to_have_text(re.compile("^You are signed out"))
    page.fill("textarea[name=body]", "Both of them.")
    sign_in_in_another_tab(person, scene.buyer)
    page.get_by_role("button", name="Try again: after.txt").click()
    ready(page, 2)
    person.context.clear_cookies(name="session")
    page.click(".composer-send")
    expect(page.locator("#composer-errors")).to_contain_text("You were signed out while writing.")
    expect(page.locator(".upload")).to_have_count(2)
    sign_in_in_another_tab(person, scene.buyer)
    page.click(".composer-send")
    expect(page.locator(".message").last).to_contain_text("Both of them.")
    expect(page.locator(".message").last.locator("[data-file]")).to_have_count(2)
    assert person.complaints == []


def test_files_without_javascript(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    """A plain form: one bad file keeps the text and the good file, one is taken back, the rest is sent and fetched."""
    scene = set_scene(stack)
    person = open_thread(browser, stack, scene.buyer, scene.thread, java_script_enabled=False, viewport=PHONE)
    page = person.page
    page.fill("textarea[name=body]", "Three things.")
    files = [photo(tmp_path / "lamp.jpg"), text_file(tmp_path / "notes.txt"), text_file(tmp_path / "lie.png")]
    page.set_input_files(PICK, files)
    page.click(".composer-send")
    expect(page.locator("#files-errors")).to_have_text(re.compile("lie.png is not what its name says"))
    expect(page.locator("textarea[name=body]")).to_have_value("Three things.")
    expect(page.locator(".upload-name")).to_have_text(["lamp.jpg", "notes.txt"])
    expect(page.locator(".message")).to_have_count(1)
    page.get_by_label("Remove notes.txt").check()
    page.click(".composer-send")
    sent = page.locator(".message").last
    expect(sent).to_contain_text("Three things.")
    expect(sent.locator("[data-file]")).to_have_count(1)
    with page.expect_download() as download:
        sent.locator(".picture a").click()  # without scripts the thumbnail leads to the file
    assert download.value.suggested_filename == "lamp.jpg"
    page.get_by_role("link", name="Files of this conversation").click()
    expect(page.locator("#gallery [data-file]")).to_have_count(1)
    assert person.complaints == []


def test_pictures_are_seen_large_by_keyboard(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    """Enter, arrows, Escape and back where one was; the gallery shows all files and gives them as one zip."""
    scene = set_scene(stack)
    person = open_thread(browser, stack, scene.seller, scene.thread)
    page = person.page
    names = ["one.jpg", "two.jpg", "three.jpg"]
    shapes = zip(names, [(900, 600), (400, 900), (1600, 500)], strict=True)
    pictures = [photo(tmp_path / name, size=size) for name, size in shapes]
    page.set_input_files(PICK, [*pictures, text_file(tmp_path / "notes.txt")])
    ready(page, 4)
    page.click(".composer-send")
    links = page.locator(".message .picture a")
    expect(links).to_have_count(3)
    assert links.nth(1).locator("img").evaluate("image => image.height > 0 && image.hasAttribute('width')")
    links.nth(0).focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog.locator("#lightbox-name")).to_have_text("one.jpg")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(dialog.locator("#lightbox-name")).to_have_text("two.jpg")
    expect(dialog.locator(".lightbox-facts")).to_have_text(re.compile("KB · 2 of 3$"))
    dialog.get_by_role("button", name="Next picture").click()
    expect(dialog.locator("#lightbox-name")).to_have_text("three.jpg")
    expect(dialog.get_by_role("button", name="Next picture")).to_have_attribute("aria-disabled", "true")
    assert dialog.locator("img").evaluate("async image => { await image.decode(); return image.naturalWidth }") == 1600
    assert faults(page) == []
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(links.nth(0)).to_be_focused()
    expect(page.locator(".row-files")).to_have_text("4")
    page.get_by_role("link", name="Files of this conversation").click()
    expect(page.locator("#gallery [data-file]")).to_have_count(4)
    assert faults(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all").click()
    assert download.value.suggested_filename == "Files.zip"
    assert person.complaints == []
