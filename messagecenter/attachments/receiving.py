"""Takes uploaded files out of a request: in memory only, counted, and never in a readable temporary file."""

from __future__ import annotations

from io import BytesIO

from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from .inspection.limits import MOST_BYTES, MOST_FILES

# In a request's META: it holds more than can be taken in. Headers of the sender never get this name.
CUT = "messagecenter.body_cut"
MOST_KEPT_FILES = MOST_FILES + 20  # enough to say that they are too many


def cut_size(request: HttpRequest) -> int | None:
    """Return how many bytes a request holds that is too large, or None when it was taken in whole.

    The size is that of all its files without the text, or, where reading stopped before the end, that of the whole
    request: as the sender declared it, else as far as it was read. The text fields that stand before the files in the
    form are in ``request.POST`` either way; of the files only those that fitted are in ``request.FILES``.
    """
    request.POST  # noqa: B018 (reading the form is what finds out)
    size: int | None = request.META.get(CUT)
    return size


class InMemoryHandler(FileUploadHandler):
    """Keeps files in memory while all of them together have at most MOST_BYTES; counts the rest and drops it."""

    chunk_size = 256 * 1024
    total = 0
    files = 0
    _content: BytesIO | None = None

    def new_file(self, *args: object, **kwargs: object) -> None:
        """Begin a file. A form with absurdly many is not read further: who looks at it sees too many anyway."""
        super().new_file(*args, **kwargs)  # type: ignore[arg-type]
        self.files += 1
        if self.files > MOST_KEPT_FILES:
            raise StopUpload(connection_reset=True)
        self._content = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a chunk, or count it only."""
        self.total += len(raw_data)
        if self.total > MOST_BYTES:
            self._content = None
            self._mark()
        elif self._content is not None:
            self._content.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Return the file, unless it was dropped."""
        content, self._content = self._content, None
        if content is None:
            return None
        content.seek(0)
        return InMemoryUploadedFile(
            file=content,
            field_name=self.field_name,
            name=self.file_name or "",
            content_type=self.content_type or "",
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )

    def _mark(self) -> None:
        """Say in the request how large its files are, unless the door knows of something larger."""
        if self.request is not None:
            meta = self.request.META
            meta[CUT] = max(self.total, meta.get(CUT, 0))
