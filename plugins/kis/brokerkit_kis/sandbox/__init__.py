"""The server side of Korea Investment & Securities over the simulated exchange."""

from brokerkit_kis.sandbox.face import KisFace

__all__ = ["KisFace"]
