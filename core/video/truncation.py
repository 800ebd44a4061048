"""Whether a video file was cut short, told by the sizes its container declares.

Containers say how long their parts are; a part that reaches beyond the end of the file was cut.
That is certain, unlike a header's frame count, which encoders get wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_BOXES = frozenset(
    b"ftyp styp moov mdat moof mfra free skip wide sidx ssix emsg prft uuid meta pdin udta".split()
)
"""Top-level boxes of MP4 and MOV files."""


def truncation(path: Path, frames: int, declared: int, damage: str | None) -> str | None:
    """How much of a damaged or cut-short file can be read, in words; None when it is whole.

    Args:
        path: The file.
        frames: Frames that decode.
        declared: Frames its header promises, 0 if it does not say.
        damage: What the decoding pass found wrong, if anything.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        expected = expected_bytes(file, size)
    share = f"{frames} of {declared} frames" if declared > frames else f"{frames} frames"
    if expected is None:
        return f"cut short: its end is missing; {share} can be read"
    if expected > size:
        return f"cut short: {size:,} of {expected:,} bytes are there; {share} can be read"
    if damage:
        return f"damaged: {damage}; {share} can be read"
    return None


def expected_bytes(file: BinaryIO, size: int) -> int | None:
    """The size the container's own lengths add up to; `size` where it states none.

    None if the file's end is missing and how much of it cannot be told.
    """
    head = file.read(189)
    if head[4:8] in _BOXES:
        return _mp4_end(file, size)
    if head[:4] == b"RIFF":
        length = int.from_bytes(head[4:8], "little")
        return size if length == 0xFFFFFFFF else 8 + length  # all ones: written to a pipe
    if head[:4] == b"\x1aE\xdf\xa3":
        return _matroska_end(file, size)
    if head[:6] in (b"GIF87a", b"GIF89a"):
        file.seek(max(0, size - 64))
        return size if file.read().rstrip(b"\0").endswith(b"\x3b") else None  # GIF's trailer
    if head[:1] == b"G" and head[188:189] == b"G":
        return size if size % 188 == 0 else None  # a transport stream is whole packets
    return size


def _mp4_end(file: BinaryIO, size: int) -> int:
    """The end of the last top-level box (ISO/IEC 14496-12 §4.2)."""
    position = 0
    while position + 8 <= size:
        file.seek(position)
        head = file.read(16)
        length, header = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, header = int.from_bytes(head[8:16], "big"), 16
        if length == 0:  # "to the end of the file"
            return size
        if length < header or head[4:8] not in _BOXES:
            return size  # not a box: damage or something appended, not a cut
        position += length
    return max(position, size)


def _matroska_end(file: BinaryIO, size: int) -> int:
    """The end of the Segment (RFC 8794 §4: element id, then length, both self-delimiting)."""
    position = 0
    while position < size:
        file.seek(position)
        head = file.read(12)
        id_bytes = _vint_length(head[:1])
        length_bytes = _vint_length(head[id_bytes : id_bytes + 1])
        if not id_bytes or not length_bytes:
            return size
        raw = int.from_bytes(head[id_bytes : id_bytes + length_bytes], "big")
        bits = 7 * length_bytes
        length = raw & ((1 << bits) - 1)
        if length == (1 << bits) - 1:  # unknown: a live recording
            return size
        position += id_bytes + length_bytes + length
        if head[:4] == b"\x18\x53\x80\x67":
            return max(position, size)
    return size


def _vint_length(byte: bytes) -> int:
    """Bytes of a variable-size integer by its first byte; 0 if that is none."""
    return 9 - byte[0].bit_length() if byte and byte[0] else 0
