"""Secrets at rest: sealed with one key, opened with any of several, so that keys can be changed."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.core.errors import SettingsError, StorageError
from bot.core.messages import msg


class Seal:
    """Fernet keys (32 bytes in URL-safe base64). The first one seals; each of them opens.

    Raises:
        SettingsError: no key, or one that is none.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise SettingsError(
                msg("PAPERBOY_ENCRYPTION_KEY: this is no key. `paperboy new-key` makes one.")
            ) from error

    def sealed(self, secret: str) -> str:
        """The secret as it may be kept; never the same twice."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def opened(self, sealed: str) -> str:
        """The secret again.

        Raises:
            StorageError: it was sealed with another key, or is damaged.
        """
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise StorageError(
                msg(
                    "A Slack token in the database cannot be read with PAPERBOY_ENCRYPTION_KEY. Name the key it was "
                    "kept with there too, or install Paperboy into the workspace again."
                )
            ) from error
