"""Pictures written anew: what is seen stays, what was noted goes, and the notes are told to the policy screen."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageSequence, ImageStat

from messagecenter.attachments.inspection import gifs, pictures
from messagecenter.attachments.inspection.inspected import Inspected
from messagecenter.attachments.inspection.limits import LARGE_SIDE, MOST_BYTES, SMALL_SIDE
from messagecenter.attachments.inspection.refusal import Refusal
from tests.attachments import honest
from tests.attachments.honest import CAMERA, PICTURES, PLACE, photo, profile, saved

SECRETS = (
    b"SECRET",
    PLACE.encode(),
    CAMERA.encode(),
    b"XMPWRITER",
    b"Exif\0\0",
    b"ns.adobe.com",
    b"anna@",
    b"a\0n\0n\0a",
)


def inspect(content: bytes) -> Inspected:
    return gifs.inspect(content) if content.startswith(b"GIF") else pictures.inspect(content)


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def difference(left: Image.Image, right: Image.Image) -> float:
    """Return how far two pictures are apart, 0 to 255, the mean over all pixels."""
    assert left.size == right.size
    seen = [image.convert("RGB" if image.mode == "CMYK" else "RGBA").convert("RGB") for image in (left, right)]
    return max(ImageStat.Stat(ImageChops.difference(*seen)).mean)


def frames(content: bytes) -> list[tuple[bytes, int]]:
    """Return what one sees of each frame, and for how long."""
    with Image.open(BytesIO(content)) as image:
        return [
            (frame.convert("RGBA").tobytes(), frame.info.get("duration", 0)) for frame in ImageSequence.Iterator(image)
        ]


@pytest.mark.parametrize("name", PICTURES)
def test_an_honest_picture_looks_as_before_and_has_no_notes(name: str) -> None:
    content = PICTURES[name]()
    found = inspect(content)
    before, after = opened(content), opened(found.content)
    assert after.size == (found.width, found.height)
    assert not [secret for secret in SECRETS if secret in found.content]
    assert not after.getexif()
    assert len(found.content) <= len(content) * 1.1 + 300
    if before.size == after.size and before.getexif().get(0x0112, 1) == 1:
        assert difference(before, after) < 2
    if found.kind != "jpg" and "16 col" not in name and "16 clear" not in name:
        assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes() or before.getexif()
    for preview, side in ((found.small, SMALL_SIDE), (found.large, LARGE_SIDE)):
        assert opened(preview).format == "WEBP"
        assert max(opened(preview).size) == min(side, max(found.width, found.height))


def test_what_was_noted_in_a_photo_is_told_before_it_goes() -> None:
    text = pictures.inspect(honest.jpeg_with_notes()).text
    for words in (
        CAMERA,
        PLACE,
        "SECRETCOMMENT",
        "XMPWRITER",
        "anna@example.org",
        "ruf an",
        "GPSLatitude",
        "my broken cup",
    ):
        assert words in text


def test_what_was_noted_in_a_png_is_told_before_it_goes() -> None:
    text = pictures.inspect(honest.png_with_notes()).text
    for words in (CAMERA, PLACE, "SECRETCOMMENT", "SECRETAUTHOR", "SECRETTITLE straße", "XMPWRITER"):
        assert words in text


def test_what_was_noted_in_a_gif_is_told_before_it_goes() -> None:
    assert "SECRETCOMMENT" in gifs.inspect(honest.animation()).text


@pytest.mark.parametrize(
    "content",
    [saved(honest.qr_code("tel:+491701234567"), kind) for kind in ("JPEG", "PNG", "GIF")],
    ids=["jpg", "png", "gif"],
)
def test_a_code_in_a_picture_is_read(content: bytes) -> None:
    assert "tel:+491701234567" in inspect(content).text


def test_a_code_drawn_on_nothing_is_read() -> None:
    code = honest.qr_code("https://example.org/see-through").convert("L")
    clear = Image.new("RGBA", code.size, (0, 0, 0, 0))
    clear.putalpha(ImageChops.invert(code))
    assert "https://example.org/see-through" in pictures.inspect(saved(clear, "PNG")).text


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_set_upright(orientation: int) -> None:
    content = honest.jpeg_with_notes(orientation)
    turns = {n: (lambda image, turn=turn: image.transpose(turn)) for n, turn in pictures.TURNS.items()}
    wanted = turns.get(orientation, lambda image: image)(opened(content))
    found = pictures.inspect(content)
    assert (found.width, found.height) == wanted.size
    assert difference(wanted, opened(found.content)) < 2


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_too_large_to_be_turned_at_once_is_turned_in_strips(
    orientation: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 40 megapixels take seconds; the same way is taken by a small one when memory is said to be small.
    monkeypatch.setattr(pictures, "MOST_MEMORY", 1_000_000)
    content = saved(honest.marked(700, 600), kind, exif=honest.exif(orientation))
    wanted = opened(content).transpose(pictures.TURNS[orientation])
    found = pictures.inspect(content)
    assert difference(wanted, opened(found.content)) < 2


def test_a_turned_png_is_set_upright() -> None:
    found = pictures.inspect(honest.png_with_notes())
    assert (found.width, found.height) == (400, 600)
    assert opened(found.content).getpixel((399, 0)) == (255, 0, 0)


@pytest.mark.parametrize("content", [honest.jpeg_with_notes(6), honest.png_with_notes()], ids=["jpg", "png"])
def test_the_colour_profile_stays(content: bytes) -> None:
    assert opened(pictures.inspect(content).content).info["icc_profile"] == profile()


def test_a_profile_nobody_can_read_goes() -> None:
    content = saved(photo(64, 48), "JPEG", icc_profile=b"call me: +49170 1234567")
    assert b"1234567" not in pictures.inspect(content).content


def test_printers_colours_stay_printers_colours() -> None:
    found = pictures.inspect(PICTURES["print progressive.jpg"]())
    assert opened(found.content).mode == "CMYK"
    assert opened(found.content).info["progressive"]
    assert opened(found.large).mode == "RGB"


def test_a_jpeg_keeps_its_quality() -> None:
    for quality, sampling in ((60, 2), (92, 0)):
        content = saved(photo(), "JPEG", quality=quality, subsampling=sampling)
        before, after = opened(content), opened(pictures.inspect(content).content)
        assert before.quantization == after.quantization
        assert [layer[1:3] for layer in before.layer] == [layer[1:3] for layer in after.layer]


@pytest.mark.parametrize(
    "name", ["animation.gif", "whole frames.gif", "clear.gif", "animated.png", "animated palette.png"]
)
def test_an_animation_stays_one_frame_for_frame(name: str) -> None:
    content = PICTURES[name]()
    found = inspect(content)
    assert found.frames == len(frames(content)) > 1
    assert frames(found.content) == frames(content)
    assert opened(found.content).info["loop"] == opened(content).info["loop"]


def test_a_gif_packed_tighter_than_we_do_does_not_grow() -> None:
    # Two colours need codes of three bits at first; Pillow always begins with nine.
    from messagecenter.attachments.inspection.picture_parts import gif_parts

    lzw = bytes([0b10_000_100, 0b10])  # clear, 0, end: one black pixel
    content = (
        b"GIF89a\1\0\1\0\x80\0\0" + bytes(3) + b"\xff" * 3 + b"\x2c" + bytes(4) + b"\1\0\1\0\0\2\2" + b"\x44\x01\0\x3b"
    )
    found = gifs.inspect(content)
    assert len(found.content) <= len(content)
    assert len(gif_parts(found.content).images) == 1
    assert lzw


def test_what_stands_behind_a_picture_goes() -> None:
    content = honest.motion_photo()
    assert b"ftypmp42" in content
    assert b"ftypmp42" not in pictures.inspect(content).content
    assert b"SEFT" not in pictures.inspect(honest.phone_trailer()).content
    assert b"SEFT" not in gifs.inspect(honest.animation() + b"SEFT").content
    assert b"SEFT" not in pictures.inspect(saved(photo(), "PNG") + b"SEFT").content


def test_a_picture_packed_tighter_than_we_can_stays_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    from messagecenter.attachments.inspection import pngs

    content = honest.png_with_notes()
    monkeypatch.setattr(pngs, "MOST_BYTES", 300)
    tight = pictures.inspect(content)
    assert not [secret for secret in SECRETS if secret in tight.content]
    assert opened(tight.content).tobytes() == opened(content).tobytes()
    monkeypatch.setattr(pictures, "MOST_BYTES", 20_000)
    content = saved(photo(), "JPEG", quality=98)
    assert len(pictures.inspect(content).content) < len(content) / 2


def test_what_is_hidden_behind_packed_pixels_goes_even_then(monkeypatch: pytest.MonkeyPatch) -> None:
    from messagecenter.attachments.inspection import pngs
    from messagecenter.attachments.inspection.picture_parts import png_parts

    content = saved(photo(64, 48), "PNG")
    data = dict(png_parts(content).chunks)[b"IDAT"]
    hidden = content[:33] + honest.chunk(b"IDAT", data + b"SECRETTAIL") + honest.chunk(b"IEND", b"")
    monkeypatch.setattr(pngs, "MUCH", 0)
    found = pictures.inspect(hidden)
    assert b"SECRETTAIL" not in found.content
    assert opened(found.content).tobytes() == opened(content).tobytes()


@pytest.mark.parametrize("name", ["photo.jpg", "colours.png", "animation.gif", "notes.jpeg", "animated.png"])
def test_cut_anywhere_it_is_damaged_and_never_worse(name: str) -> None:
    content = PICTURES[name]()
    for part in range(1, 40):
        cut = content[: len(content) * part // 40]
        with pytest.raises(Refusal) as refused:
            inspect(cut)
        assert refused.value.code == "damaged"


@pytest.mark.parametrize(
    "name", ["notes.jpeg", "progressive.jpg", "notes.PNG", "palette.png", "animation.gif", "animated.png"]
)
def test_bent_anywhere_it_is_refused_or_harmless(name: str) -> None:
    content = PICTURES[name]()
    for step in range(60):
        bent = bytearray(content)
        place = 8 + (len(content) - 8) * step // 60
        bent[place] ^= 0x55
        try:
            found = inspect(bytes(bent))
        except Refusal:
            continue
        assert len(found.content) <= MOST_BYTES
        opened(found.content)
