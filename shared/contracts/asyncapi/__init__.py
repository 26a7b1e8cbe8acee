"""The AsyncAPI 3.0 document of every channel and message, made from the registry and the catalogue."""

from shared.contracts.asyncapi.document import document

__all__ = ["document"]
