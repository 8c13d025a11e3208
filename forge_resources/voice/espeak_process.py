"""One utterance of eSpeak NG in a process of its own. Run as a file; uses the standard library only.

What belongs here: the calls to the C library. What does not: pace, trimming, files (see `espeak`).

The library keeps state from one utterance to the next (phase of its oscillators, jitter), and terminating and
initialising it again does not clear it: the same line would come out differently after another. A fresh process is
the one reset there is; it takes some 30 ms, and a crash inside the library cannot take a run with it.

Reads one JSON object on standard input: `library`, `data` (paths; the
latter of a folder called `espeak-ng-data`), `voice`, `text`, `rate`, `pitch`, `pitch_range`.
Writes one line of JSON on standard output, `{"sample_rate": 22050}` or `{"error": …, "known": […]}`, and after the
former the samples: 16-bit, mono, native byte order.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from pathlib import Path
from typing import Any

_AUDIO_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_DONT_EXIT = 0x8000
_CHARS_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _Voice(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("unused", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    ]


def _tags(address: int) -> list[tuple[int, str]]:
    """The language tags of a voice: pairs of a priority byte (lower is better) and a C string, until a zero byte."""
    found = []
    while (priority := ctypes.string_at(address, 1)[0]) != 0:
        text = ctypes.string_at(address + 1)
        found.append((priority, text.decode()))
        address += len(text) + 2
    return found


def _voices(loaded: ctypes.CDLL) -> dict[str, str]:
    """Language tag → identifier of the voice that speaks it best."""
    loaded.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
    loaded.espeak_ListVoices.argtypes = [ctypes.c_void_p]
    listed, index = loaded.espeak_ListVoices(None), 0
    best: dict[str, tuple[int, str]] = {}
    while listed[index]:
        voice = listed[index].contents
        identifier = voice.identifier.decode()
        for priority, tag in _tags(voice.languages):
            best[tag.lower()] = min(best.get(tag.lower(), (priority, identifier)), (priority, identifier))
        index += 1
    return {tag: identifier for tag, (_, identifier) in best.items()}


def _open(library: str, data: str) -> tuple[ctypes.CDLL, int]:
    loaded = ctypes.CDLL(library)
    loaded.espeak_Initialize.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
    # The library cuts its data path off after 160 bytes, without a word; relative to its own folder it is always short.
    os.chdir(Path(data).parent)
    rate: int = loaded.espeak_Initialize(_AUDIO_OUTPUT_SYNCHRONOUS, 0, b".", _INITIALIZE_DONT_EXIT)
    if rate <= 0:
        raise OSError(f"eSpeak NG does not find its data in {data}")
    return loaded, rate


def _speak(loaded: ctypes.CDLL, wish: dict[str, Any], identifier: str) -> bytes:
    pieces: list[bytes] = []

    def heard(samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            pieces.append(ctypes.string_at(samples, count * 2))
        return 0

    callback = _Callback(heard)
    loaded.espeak_SetSynthCallback(callback)
    loaded.espeak_ng_SetRandSeed.argtypes = [ctypes.c_long]
    loaded.espeak_ng_SetRandSeed(1)
    loaded.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
    if loaded.espeak_SetVoiceByName(identifier.encode()) != 0:
        raise OSError(f"eSpeak NG cannot load its voice {identifier}")
    for parameter, value in ((_RATE, "rate"), (_PITCH, "pitch"), (_RANGE, "pitch_range")):
        loaded.espeak_SetParameter(parameter, int(wish[value]), 0)
    text = wish["text"].encode() + b"\0"
    loaded.espeak_Synth.argtypes = [
        ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint, ctypes.c_int, ctypes.c_uint, ctypes.c_uint,
        ctypes.c_void_p, ctypes.c_void_p,
    ]  # fmt: skip
    status = loaded.espeak_Synth(text, len(text), 0, 1, 0, _CHARS_UTF8, None, None)
    if status != 0:
        raise OSError(f"eSpeak NG refused the line (status {status})")
    return b"".join(pieces)


def main() -> None:
    wish = json.load(sys.stdin.buffer)
    answer: dict[str, Any]
    try:
        loaded, sample_rate = _open(wish["library"], wish["data"])
        voices = _voices(loaded)
        if (identifier := voices.get(wish["voice"])) is None:
            answer, pcm = {"error": "unknown_voice", "known": sorted(voices)}, b""
        else:
            pcm = _speak(loaded, wish, identifier)
            answer = {"sample_rate": sample_rate}
    except OSError as error:
        answer, pcm = {"error": str(error)}, b""
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + pcm)


if __name__ == "__main__":
    main()
