"""Where a request's body waits until a thread takes it: a little in memory, more in a nameless encrypted file."""

from __future__ import annotations

import asyncio
import errno
import io
import secrets
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

IN_MEMORY = 256 * 1024  # bytes; also the size of a block written at once
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

# Writing may wait for a disk; the event loop must not.
_writers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="spool")


class Spool:
    """The body of one request. The file has no name and its key is only here: killed or stolen, nothing is readable.

    The counter mode needs no tag: nobody can name the file to change it, and who can write to it by other ways reads
    this process too.
    """

    def __init__(self, folder: Path) -> None:
        """Take the folder for the file; it is made when first needed."""
        self.size = 0
        self._folder = folder
        self._block = bytearray()
        self._file: BinaryIO | None = None
        self._cipher = Cipher(AES(secrets.token_bytes(32)), CTR(secrets.token_bytes(16)))
        self._encryptor: CipherContext | None = None

    @property
    def on_disk(self) -> bool:
        """Whether it was too large for memory."""
        return self._file is not None

    async def add(self, content: bytes) -> None:
        """Append ``content``. Raises OSError when the disk is full (``errno`` one of FULL) or broken."""
        self.size += len(content)
        self._block += content
        if len(self._block) > IN_MEMORY:
            await self._write()

    async def finish(self) -> None:
        """Write what still waits in memory, if a file was begun. Raises OSError as ``add``."""
        if self._file is not None and self._block:
            await self._write()

    async def _write(self) -> None:
        block, self._block = self._block, bytearray()
        await asyncio.get_running_loop().run_in_executor(_writers, self._write_block, block)

    def _write_block(self, block: bytearray) -> None:
        if self._file is None or self._encryptor is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder, buffering=0)  # noqa: SIM115 (close() ends it)
            self._encryptor = self._cipher.encryptor()
        rest = memoryview(self._encryptor.update(block))
        while rest:
            rest = rest[self._file.write(rest) :]

    def open(self) -> io.BufferedIOBase:
        """Return the body for reading, from its start, by a thread. Only after ``finish``."""
        if self._file is None:
            return io.BytesIO(self._block)
        self._file.seek(0)
        return io.BufferedReader(_Opened(self._file, self._cipher.decryptor()), IN_MEMORY)

    def close(self) -> None:
        """Forget the body and give its space back."""
        self._block = bytearray()
        if self._file is not None:
            self._file.close()


class _Opened(io.RawIOBase):
    """Reads the encrypted file in clear."""

    def __init__(self, file: BinaryIO, decryptor: CipherContext) -> None:
        self._encrypted = file
        self._decryptor = decryptor

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # what io itself passes
        sealed = self._encrypted.read(len(buffer))
        buffer[: len(sealed)] = self._decryptor.update(sealed)
        return len(sealed)
