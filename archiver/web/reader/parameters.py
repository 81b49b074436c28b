"""The query parameters of addresses: read, checked and described from one table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from archiver.errors import UsageError

Value = str | int | bool | None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One query parameter of an address."""

    name: str
    about: str
    kind: type = str
    default: Value = None
    least: int = 0
    most: int = 1_000_000_000
    """Largest number, or greatest length of a text."""
    choices: tuple[str, ...] = ()
    required: bool = False
    in_path: bool = False

    def read(self, text: str | None) -> Value:
        """Return the value a text stands for.

        Raises UsageError when it is invalid.
        """
        if text is None or (text == "" and not self.required):
            if self.required:
                raise UsageError(f"{self.name}: expected {self.about}, found nothing")
            return self.default
        if self.kind is bool:
            return self._flag(text)
        if self.kind is int:
            return self._number(text)
        if len(text) > self.most:
            raise UsageError(f"{self.name}: expected at most {self.most} characters, found {len(text)}")
        if self.choices and text not in self.choices:
            raise UsageError(f"{self.name}: expected one of {', '.join(self.choices)}, found {text[:80]!r}")
        return text

    def _flag(self, text: str) -> bool:
        if text not in ("0", "1", "true", "false", "on"):
            raise UsageError(f"{self.name}: expected 1 or 0, found {text[:80]!r}")
        return text in ("1", "true", "on")

    def _number(self, text: str) -> int:
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or not self.least <= int(text) <= self.most:
            raise UsageError(f"{self.name}: expected a number from {self.least} to {self.most}, found {text[:80]!r}")
        return int(text)

    def described(self) -> dict[str, Any]:
        """Return the parameter as OpenAPI describes it."""
        schema: dict[str, Any] = {"type": {str: "string", int: "integer", bool: "boolean"}[self.kind]}
        if self.kind is int:
            schema |= {"minimum": self.least, "maximum": self.most}
        elif self.kind is str and self.most < 1_000_000_000:
            schema["maxLength"] = self.most
        if self.choices:
            schema["enum"] = list(self.choices)
        if self.default is not None:
            schema["default"] = self.default
        where = "path" if self.in_path else "query"
        return {
            "name": self.name,
            "in": where,
            "required": self.required or self.in_path,
            "description": self.about,
            "schema": schema,
        }


def read(request: Request, parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Return the values of a request by name; unknown ones are ignored.

    Raises UsageError for an invalid value.
    """
    given = request.query_params
    return {
        each.name: each.read((request.path_params if each.in_path else given).get(each.name)) for each in parameters
    }
