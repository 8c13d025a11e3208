"""How captions are written: SubRip, WebVTT, Advanced SubStation Alpha, and TTML as EBU-TT-D and IMSC text profile.

What belongs here: from cues to the text of a file. What does not: where cues begin and end (see `cues`), or the engines
(see `captions`).

Word timing is written as each format has it: inline time stamps in WebVTT, karaoke in ASS, spans in TTML. SubRip has
none.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from xml.sax.saxutils import escape, quoteattr

from forge_resources.editing.bidi import is_right_to_left
from forge_resources.editing.cues import Cue, TimedWord
from forge_resources.schemas.media_formats import FrameSize, SafeArea

_ASS_HEIGHT = 0.05
_TTML_NAMESPACES = (
    'xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
    'xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ebuttm="urn:ebu:tt:metadata" '
    'xmlns:itts="http://www.w3.org/ns/ttml/profile/imsc1#styling"'
)
_TTML_STANDARDS = ("urn:ebu:tt:distribution:2018-04", "http://www.w3.org/ns/ttml/profile/imsc1/text")


@dataclass(frozen=True)
class Sheet:
    """All that a file of captions says: its cues, and the picture that they lie over."""

    cues: Sequence[Cue]
    language: str
    title: str
    size: FrameSize
    safe_area: SafeArea
    by_word: bool


def srt_document(sheet: Sheet) -> str:
    """SubRip; times in milliseconds."""
    blocks = [
        f"{number}\n{clock(cue.start, ',')} --> {clock(cue.end, ',')}\n" + "\n".join(cue.lines) + "\n"
        for number, cue in enumerate(sheet.cues, 1)
    ]
    return "\n".join(blocks)


def vtt_document(sheet: Sheet) -> str:
    """WebVTT (W3C); with word timing, each word after the first has a time stamp before it."""
    blocks = [
        f"{clock(cue.start, '.')} --> {clock(cue.end, '.')}\n" + "\n".join(_vtt_lines(cue, sheet.by_word)) + "\n"
        for cue in sheet.cues
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _vtt_lines(cue: Cue, by_word: bool) -> list[str]:
    if not by_word:
        return [html.escape(line, quote=False) for line in cue.lines]
    return [
        "".join(_vtt_word(word, cue) for word in words).rstrip()
        for words in (_words_of_line(cue, index) for index in range(len(cue.lines)))
    ]


def _vtt_word(word: TimedWord, cue: Cue) -> str:
    stamp = f"<{clock(word.start, '.')}>" if word.start > cue.start else ""
    return stamp + html.escape(word.text, quote=False)


def ass_document(sheet: Sheet) -> str:
    """Advanced SubStation Alpha 4.00+; times in hundredths of a second, word timing as karaoke."""
    size, safe = sheet.size, sheet.safe_area
    margins = round(safe.left * size.width), round(safe.right * size.width), round(safe.bottom * size.height)
    em = round(_ASS_HEIGHT * size.height)
    head = [
        "[Script Info]",
        f"Title: {sheet.title}",
        "ScriptType: v4.00+",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        "YCbCr Matrix: TV.709",
        f"PlayResX: {size.width}",
        f"PlayResY: {size.height}",
        "",
        "[V4+ Styles]",
        "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
        "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, "
        "MarginR, MarginV, Encoding",
        f"Style: Default,Noto Sans,{em},&H00FFFFFF,&H00A0A0A0,&H3C000000,&H3C000000,0,0,0,0,100,100,0,0,3,"
        f"{max(1, em // 10)},0,2,{margins[0]},{margins[1]},{margins[2]},1",
        "",
        "[Events]",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    ]
    events = [
        f"Dialogue: 0,{_hundredths(cue.start)},{_hundredths(cue.end)},Default,,0,0,0,,{_ass_text(cue, sheet.by_word)}"
        for cue in sheet.cues
    ]
    return "\n".join([*head, *events]) + "\n"


def _ass_text(cue: Cue, by_word: bool) -> str:
    if not by_word:
        return r"\N".join(_ass_plain(line) for line in cue.lines)
    lines = []
    at = cue.start
    for index in range(len(cue.lines)):
        text = ""
        for word in _words_of_line(cue, index):
            # Lengths follow each other in karaoke: what was rounded away is made up for by the next word.
            length = _centiseconds(word.end) - _centiseconds(at)
            at = word.end
            text += f"{{\\k{length}}}{_ass_plain(word.text)}"
        lines.append(text.rstrip())
    return r"\N".join(lines)


def _ass_plain(text: str) -> str:
    """Text in which nothing is taken for an override block."""
    return text.replace("\\", "\\\u2060").replace("{", "\\{").replace("}", "\\}")


def ttml_document(sheet: Sheet) -> str:
    """TTML that is EBU-TT-D 1.0.1 (EBU Tech 3380) and IMSC 1.1 text profile; media time, percentages of the picture."""
    safe = sheet.safe_area
    left, top = round(100 * safe.left, 2), round(100 * safe.top, 2)
    across, down = round(100 - left - 100 * safe.right, 2), round(100 - top - 100 * safe.bottom, 2)
    rtl = any(is_right_to_left(line) for cue in sheet.cues for line in cue.lines)
    direction = ' tts:direction="rtl" tts:unicodeBidi="embed"' if rtl else ""
    standards = "".join(f"<ebuttm:conformsToStandard>{name}</ebuttm:conformsToStandard>" for name in _TTML_STANDARDS)
    body = "\n".join(_paragraph(number, cue, sheet.by_word) for number, cue in enumerate(sheet.cues, 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<tt {_TTML_NAMESPACES} ttp:timeBase="media" ttp:cellResolution="32 15" xml:lang={quoteattr(sheet.language)}>
<head>
<metadata><ebuttm:documentMetadata>{standards}</ebuttm:documentMetadata></metadata>
<styling>
<style xml:id="text" tts:fontFamily="proportionalSansSerif" tts:fontSize="100%" tts:lineHeight="125%"\
 tts:textAlign="center" tts:color="#ffffff"{direction}/>
<style xml:id="words" tts:color="#ffffff" tts:backgroundColor="#000000c2"/>
</styling>
<layout>
<region xml:id="bottom" tts:origin="{left:g}% {top:g}%" tts:extent="{across:g}% {down:g}%" tts:displayAlign="after"\
 tts:overflow="visible"/>
</layout>
</head>
<body><div style="text">
{body}
</div></body>
</tt>
"""


def _paragraph(number: int, cue: Cue, by_word: bool) -> str:
    lines = []
    for index, line in enumerate(cue.lines):
        if by_word:
            # Each word comes on with the voice and stays to the end of its cue.
            spans = (
                f'<span style="words" begin="{clock(word.start - cue.start, ".")}">{escape(word.text)}</span>'
                for word in _words_of_line(cue, index)
            )
            lines.append("".join(spans))
        else:
            lines.append(f'<span style="words">{escape(line)}</span>')
    times = f'begin="{clock(cue.start, ".")}" end="{clock(cue.end, ".")}"'
    return f'<p xml:id="cue{number}" region="bottom" {times}>' + "<br/>".join(lines) + "</p>"


def _words_of_line(cue: Cue, index: int) -> list[TimedWord]:
    return [word for word in cue.words if word.line == index]


def clock(seconds: Fraction, point: str) -> str:
    """`HH:MM:SS,mmm`, rounded to the nearest millisecond."""
    thousandths = int(seconds * 1000 + Fraction(1, 2))
    whole, thousandths = divmod(thousandths, 1000)
    minutes, second = divmod(whole, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{point}{thousandths:03}"


def _centiseconds(seconds: Fraction) -> int:
    return int(seconds * 100 + Fraction(1, 2))


def _hundredths(seconds: Fraction) -> str:
    minutes, rest = divmod(_centiseconds(seconds), 6000)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{rest // 100:02}.{rest % 100:02}"
