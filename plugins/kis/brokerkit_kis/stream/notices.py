"""How notices of own orders are encrypted: AES-256-CBC with PKCS7, as base64. Key and iv come as texts."""

from __future__ import annotations

import base64
from typing import NamedTuple

from pydantic import SecretStr

BLOCK_BITS = 128
KEY_BYTES, IV_BYTES = 32, 16


class Seal(NamedTuple):
    """What a channel's acknowledgement tells, and opens its frames until the line breaks."""

    key: SecretStr
    iv: SecretStr

    def is_sound(self) -> bool:
        """Say whether both are as long as they must be."""
        lengths = [len(secret.get_secret_value().encode()) for secret in self]
        return lengths == [KEY_BYTES, IV_BYTES]


def decrypted(text: str, seal: Seal) -> str:
    """Return what an encrypted text says; a ValueError if the seal does not open it."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    cipher = Cipher(
        algorithms.AES(seal.key.get_secret_value().encode()), modes.CBC(seal.iv.get_secret_value().encode())
    )
    decryptor, unpadder = cipher.decryptor(), PKCS7(BLOCK_BITS).unpadder()
    padded = decryptor.update(base64.b64decode(text, validate=True)) + decryptor.finalize()
    return (unpadder.update(padded) + unpadder.finalize()).decode()
