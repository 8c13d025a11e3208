"""The eSpeak voice: pace, fit, exact duration, equal bytes, and what it says when it cannot."""

from __future__ import annotations

import shutil
import wave
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import espeakng_loader
import numpy as np
import numpy.typing as npt
import pytest

from forge_resources.errors import Blocked, InvalidInput, Unavailable
from forge_resources.voice import espeak
from forge_resources.voice.espeak import EspeakVoice

LINE = "Wake up before your alarm does."


def say(
    folder: Path, text: str = LINE, language: str = "en", voice: str = "en-gb", rate: float = 15, longest: str = "4"
) -> tuple[bytes, dict[str, Any]]:
    engine, target = EspeakVoice(), folder / "line.wav"
    facts = engine.make(engine.parameters(text, language, voice, rate, Fraction(longest)), {}, target)
    return target.read_bytes(), facts


def samples(path: Path) -> tuple[npt.NDArray[np.int16], wave._wave_params]:
    with wave.open(str(path)) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2"), sound.getparams()


def test_line_is_mono_wav_and_its_duration_is_measured_to_the_sample(tmp_path: Path) -> None:
    _, facts = say(tmp_path)
    heard, form = samples(tmp_path / "line.wav")
    assert (form.nchannels, form.sampwidth, form.framerate) == (1, 2, 22050) == (1, 2, facts["sample_rate"])
    assert Fraction(facts["duration_s"]) == Fraction(len(heard), 22050)
    assert facts["stretch"] == 1
    assert np.abs(heard).max() > 3000
    assert np.abs(heard[:20]).max() < 200
    assert np.abs(heard[: 22050 // 20]).max() > 200
    assert np.abs(heard[-22050 // 10 :]).max() > 90


def test_equal_lines_are_equal_bytes_whatever_was_spoken_between(tmp_path: Path) -> None:
    first, facts = say(tmp_path)
    say(tmp_path, "Wach werden, bevor der Wecker klingelt.", "de", "de")
    say(tmp_path, "Hurry, hurry!", rate=25)
    assert say(tmp_path) == (first, facts)


@pytest.mark.parametrize("rate", [12.5, 14, 16])
def test_pace_is_that_of_the_language(rate: float, tmp_path: Path) -> None:
    text = "It gently wakes you with a sunrise of your very own."
    _, facts = say(tmp_path, text, rate=rate, longest="9")
    assert len(text) / float(Fraction(facts["duration_s"])) == pytest.approx(rate, rel=0.08)


def test_line_hurries_only_as_much_as_it_has_to(tmp_path: Path) -> None:
    _, easy = say(tmp_path)
    comfortable = Fraction(easy["duration_s"])
    _, tight = say(tmp_path, longest=str(comfortable * Fraction(85, 100)))
    assert comfortable * Fraction(7, 10) < Fraction(tight["duration_s"]) <= comfortable * Fraction(85, 100)
    assert 1 < tight["stretch"] <= 1.35
    assert tight["rate_wpm"] > easy["rate_wpm"]


def test_line_that_does_not_fit_says_by_how_much(tmp_path: Path) -> None:
    with pytest.raises(Blocked) as caught:
        say(tmp_path, longest="1")
    assert LINE in caught.value.message
    assert "1.00 s" in caught.value.message
    assert "1.35 times" in caught.value.message
    assert "Shorten the line by about" in caught.value.remedy
    assert not (tmp_path / "line.wav").exists()


def test_unknown_voice_is_named_with_what_is_near(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="`pt-bx`") as caught:
        say(tmp_path, voice="pt-bx")
    assert "pt-br" in caught.value.remedy


def test_nothing_to_speak_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="nothing to speak"):
        say(tmp_path, "…")


@pytest.mark.parametrize(
    ("language", "voice", "text", "rate"),
    [
        ("de", "de", "Wach werden, bevor der Wecker klingelt.", 14.0),
        ("fr", "fr-fr", "Réveillez-vous avant votre réveil.", 15.0),
        ("zh", "cmn", "比闹钟更早醒来。", 4.2),
        ("ar", "ar", "استيقظ قبل المنبه.", 11.5),
        ("hi", "hi", "अलार्म से पहले जागिए।", 13.0),
        ("es", "es-419", "Despierta antes que tu alarma.", 14.5),
    ],
)
def test_languages_are_spoken(language: str, voice: str, text: str, rate: float, tmp_path: Path) -> None:
    _, facts = say(tmp_path, text, language, voice, rate)
    assert 0.8 < float(Fraction(facts["duration_s"])) < 4
    assert "scratch" not in facts


def test_scratch_languages_say_so(tmp_path: Path) -> None:
    _, facts = say(tmp_path, "ひかりで、めざめる。", "ja", "ja", 5.5)
    assert facts["scratch"] is True


def test_data_is_found_in_a_long_path_with_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, _ = say(tmp_path)
    installed = Path(espeakng_loader.__file__).parent
    folder = tmp_path / "a user's ünusual home" / ("deep " * 30).strip()
    folder.mkdir(parents=True)
    (folder / "espeak-ng-data").symlink_to(installed / "espeak-ng-data")
    library = shutil.copy(espeakng_loader.get_library_path(), folder)
    moved = SimpleNamespace(__file__=str(folder / "__init__.py"), get_library_path=lambda: library)
    monkeypatch.setattr(espeak, "import_module", lambda name: moved)
    wheel = espeak._wheel()
    assert wheel is not None
    assert all(path.startswith(str(folder)) for path in wheel)
    assert len(wheel[1]) > 160
    assert say(tmp_path)[0] == plain


def test_missing_wheel_is_a_lack_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert EspeakVoice().lacks() == []
    monkeypatch.setattr(espeak.importlib.util, "find_spec", lambda name: None)
    assert [lack.remedy for lack in EspeakVoice().lacks()] == ["Install the package espeakng-loader."]
    with pytest.raises(Unavailable):
        say(tmp_path)


def test_version_names_the_wheel() -> None:
    assert EspeakVoice.version.startswith("1+espeakng-loader-0.")
