"""Small parts of XML that both formats share: elements with text, times, and the written document.

What belongs here: what is the same in FCPXML and Final Cut 7 XML. What does not: either format's elements.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from fractions import Fraction


def told(parent: ET.Element, **values: object) -> ET.Element:
    """Appends elements that hold only text, in order; True and False in capitals. Returns `parent`."""
    for name, value in values.items():
        ET.SubElement(parent, name).text = str(value).upper() if isinstance(value, bool) else str(value)
    return parent


def seconds(frames: int, fps: Fraction) -> str:
    """Whole frames as FCPXML's rational seconds, such as `1001/24000s`; never reduced to another time scale."""
    return "0s" if frames == 0 else f"{frames * fps.denominator}/{fps.numerator}s"


def document(root: ET.Element, doctype: str) -> str:
    """The document with its declaration and doctype, indented."""
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE {doctype}>\n{ET.tostring(root, encoding="unicode")}\n'
