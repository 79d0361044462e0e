"""The server side of Kiwoom's REST API over the simulated exchange, written from Kiwoom's pages."""

from .face import KiwoomFace

__all__ = ["KiwoomFace"]
