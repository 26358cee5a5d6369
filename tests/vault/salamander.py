"""Builds one AES-GCM ciphertext that opens under two keys: what a key commitment is there to refuse.

After Dodis, Grubbs, Ristenpart and Woodage, "Fast message franking: from invisible salamanders to encryptment" (2018).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ONE = 1 << 127
REDUCTION = 0xE1 << 120


def multiply(left: int, right: int) -> int:
    """Return the product of two elements of GF(2^128), in GCM's bit order."""
    product = 0
    for bit in range(127, -1, -1):
        if right >> bit & 1:
            product ^= left
        left = left >> 1 ^ (REDUCTION if left & 1 else 0)
    return product


def power(base: int, exponent: int) -> int:
    """Return ``base`` to the power of ``exponent``."""
    result = ONE
    while exponent:
        if exponent & 1:
            result = multiply(result, base)
        base = multiply(base, base)
        exponent >>= 1
    return result


def two_faced(first: bytes, second: bytes, first_bond: bytes, second_bond: bytes, nonce: bytes) -> bytes:
    """Return nonce | 32 bytes of ciphertext | tag, valid under both keys, each with its own associated data."""
    faces = [_face(first, first_bond, nonce), _face(second, second_bond, nonce)]
    # For both keys tag = known + c2·h², the first ciphertext block being zero: solve for c2.
    (first_known, first_square), (second_known, second_square) = (
        (mask ^ fixed, multiply(h, h)) for mask, fixed, h in faces
    )
    c2 = multiply(first_known ^ second_known, power(first_square ^ second_square, 2**128 - 2))
    tag = first_known ^ multiply(c2, first_square)
    return nonce + bytes(16) + c2.to_bytes(16, "big") + tag.to_bytes(16, "big")


def _face(key: bytes, bond: bytes, nonce: bytes) -> tuple[int, int, int]:
    """Return a key's tag mask, what bond and lengths add to the tag of 32 bytes, and its hash key."""
    encrypt = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    h = int.from_bytes(encrypt.update(bytes(16)), "big")
    mask = int.from_bytes(encrypt.update(nonce + b"\0\0\0\1"), "big")
    blocks = [bond[i : i + 16].ljust(16, b"\0") for i in range(0, len(bond), 16)]
    blocks += [bytes(16), bytes(16), (len(bond) * 8).to_bytes(8, "big") + (32 * 8).to_bytes(8, "big")]
    fixed = 0
    for block in blocks:
        fixed = multiply(fixed ^ int.from_bytes(block, "big"), h)
    return mask, fixed, h
