"""Secrets from files, as orchestrators hand them out: `NAME_FILE` names the file that holds `NAME`."""

import os
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


class FromFile:
    """Marks a type whose settings may come from a file though they are no secret, such as a public key."""


class SecretFileError(ValueError):
    """A variable names no file that can be read, or stands beside the secret itself; names the variable."""


class SecretFiles(PydanticBaseSettingsSource):
    """Reads each secret of a settings class from the file that its variable names, without the line's end.

    Raises SecretFileError.
    """

    def __init__(self, settings_cls: type[BaseSettings], prefix: str) -> None:
        super().__init__(settings_cls)
        self._prefix = prefix

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The file's content; None for what is no secret, or comes from no file."""
        secret = f"{self._prefix}{field_name}".upper()
        file = os.environ.get(f"{secret}_FILE") if _from_file(field) else None
        if not file:
            return None, field_name, False
        if secret in os.environ:
            raise SecretFileError(f"{secret}_FILE: {secret} is set as well; keep one of the two")
        try:
            return Path(file).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise SecretFileError(f"{secret}_FILE: names no file that can be read: {why}") from None

    def __call__(self) -> dict[str, Any]:
        """Every secret that comes from a file, by field."""
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


def _from_file(field: FieldInfo) -> bool:
    is_secret = field.annotation in (SecretStr, SecretStr | None)
    return is_secret or any(isinstance(mark, FromFile) for mark in field.metadata)
