"""Who is in a shot and what each does, as a description says it.

What belongs here: people, how many they are, and whose pose a verb is. What does not: who is cast where the
description names nobody (see `storyboard`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forge_resources.imaging.lexicon import lexicon
from forge_resources.imaging.phrases import Match, Token

MOST_PEOPLE = 6
# How many words may stand between a number and its noun ("two young and happy friends").
_NUMBER_REACH = 3
_ARTICLES = frozenset({"a", "an", "the"})


@dataclass(frozen=True)
class Person:
    """Somebody in the shot; `pose` is None where the text does not say what they do.

    `nameless`: only a pronoun or a part of the body shows them ("she turns", "a hand").
    """

    role: str
    pose: str | None = None
    nameless: bool = False


@dataclass(frozen=True)
class _Mention:
    """A place in the text that speaks of some of the cast, by their index."""

    match: Match
    cast: tuple[int, ...]


@dataclass
class _Cast:
    """The people found so far, and where they are spoken of."""

    tokens: Sequence[Token]
    said: Sequence[Match]
    people: list[Person]
    mentions: list[_Mention]

    def words_before(self, match: Match) -> list[str]:
        """The words just before `match`, nearest first, up to a clause's begin or another person."""
        taken = {i for mention in self.mentions for i in range(mention.match.start, mention.match.end)}
        words: list[str] = []
        for i in range(match.start - 1, max(-1, match.start - 1 - _NUMBER_REACH), -1):
            if i in taken or self.tokens[i].clause != self.tokens[match.start].clause:
                break
            words.append(self.tokens[i].word)
        return words

    def mention(self, match: Match, roles: Sequence[str], again: bool, nameless: bool = False) -> None:
        """Adds `roles`, or takes those who are there where they are spoken of again."""
        if again:
            wanted = list(roles)
            cast = []
            for i, person in enumerate(self.people):
                if person.role in wanted:
                    wanted.remove(person.role)
                    cast.append(i)
        else:
            roles = roles[: MOST_PEOPLE - len(self.people)]
            cast = list(range(len(self.people), len(self.people) + len(roles)))
            self.people += [Person(role, nameless=nameless) for role in roles]
        if cast:
            self.mentions.append(_Mention(match, self._joined(match, tuple(cast))))

    def _joined(self, match: Match, cast: tuple[int, ...]) -> tuple[int, ...]:
        """With the people before, where only `and` or `with` stands between: "a mother and her son run"."""
        last = self.mentions[-1] if self.mentions else None
        if not last or self.tokens[last.match.start].sentence != self.tokens[match.start].sentence:
            return cast
        between = [token.word for token in self.tokens[last.match.end : match.start]]
        deeds = any(m.values("pose") and last.match.end <= m.start < match.start for m in self.said)
        joined = not deeds and any(word in lexicon().joining for word in between) and len(between) <= _NUMBER_REACH
        return tuple(dict.fromkeys((*last.cast, *cast))) if joined else cast


def read_people(
    tokens: Sequence[Token], matches: Sequence[Match], said: Sequence[Match]
) -> tuple[tuple[Person, ...] | None, tuple[str, ...]]:
    """The people of a description and the poses that nobody in particular takes.

    `matches` is all that the lexicon found, `said` what of it is not negated. None: people are not spoken of; empty:
    the text says that there are none.
    """
    cast = _Cast(tokens, said, [], [])
    for match in said:
        if match.values("group") and not _counts_others(tokens, said, match):
            _read_group(cast, match)
        elif match.values("role") and not _is_deed(cast, match):
            _read_role(cast, match)
        elif match.values("pronoun") and cast.people and not _is_possessive(match, tokens):
            _read_pronoun(cast, match)
    if not cast.people:
        _read_traces(cast)
    poses = [match for match in said if match.values("pose") and _is_done_by_somebody(cast, match)]
    people, loose = _with_poses(cast, poses)
    if people:
        return people, loose
    return (() if _says_nobody(tokens, matches, said) else None), loose


def _read_group(cast: _Cast, match: Match) -> None:
    roles = lexicon().groups[match.values("group")[0]]
    definite = any(word in lexicon().definite for word in cast.words_before(match))
    there = [person.role for person in cast.people]
    cast.mention(match, roles, again=definite and bool(there))


def _counts_others(tokens: Sequence[Token], said: Sequence[Match], match: Match) -> bool:
    """Whether a group is but a number, as in "a crowd of children"."""
    if match.end >= len(tokens) or tokens[match.end].word != "of":
        return False
    return any(other.values("role") and match.end < other.start <= match.end + _NUMBER_REACH for other in said)


def _read_role(cast: _Cast, match: Match) -> None:
    if _is_owner(cast, match):
        return
    role = match.values("role")[0]
    before = cast.words_before(match)
    numbers = lexicon().numbers
    counts = [numbers[word] for word in before if word in numbers]
    count = counts[0] if counts and (match.plural or counts[0] == 1) else 1
    if match.plural and not counts:
        count = lexicon().uncounted_plural
    there = [person.role for person in cast.people]
    definite = any(word in lexicon().definite for word in before)
    if definite and role == "adult" and there and role not in there:
        cast.mentions.append(_Mention(match, cast.mentions[-1].cast))
        return
    bare = not counts and not definite and not any(word in lexicon().joining for word in before)
    again = role in there and (definite or bare) and not any(word in ("another", "second", "other") for word in before)
    cast.mention(match, [role] * count, again=again)


def _read_pronoun(cast: _Cast, match: Match) -> None:
    if lexicon().pronouns[match.values("pronoun")[0]] > 1:
        cast.mentions.append(_Mention(match, tuple(range(len(cast.people)))))
    else:
        cast.mentions.append(_Mention(match, cast.mentions[-1].cast[:1]))


def _read_traces(cast: _Cast) -> None:
    """Where nobody is named: a pronoun or a part of the body shows that somebody is there."""
    for match in cast.said:
        pronouns = match.values("pronoun")
        if pronouns and not cast.people:
            cast.mention(match, ["adult"] * lexicon().pronouns[pronouns[0]], again=False, nameless=True)
        elif match.values("body") and not cast.people:
            cast.mention(match, ["adult"], again=False, nameless=True)
        elif pronouns and not _is_possessive(match, cast.tokens):
            _read_pronoun(cast, match)


def _is_owner(cast: _Cast, match: Match) -> bool:
    """`A student's desk` shows no student; `a runner's face` does."""
    if not cast.tokens[match.end - 1].possessive:
        return False
    return not any(m.values("body") or m.values("role") for m in cast.said if match.end <= m.start < match.end + 2)


def _is_deed(cast: _Cast, match: Match) -> bool:
    """Whether a word that may be a role or a deed is a deed: "a father cooks" against "a cook"."""
    if not match.values("pose"):
        return False
    before = cast.words_before(match)
    return not any(word in _ARTICLES or word in lexicon().numbers for word in before)


def _is_possessive(match: Match, tokens: Sequence[Token]) -> bool:
    """`her` and `their` are taken as possessive: no deed has them as its subject."""
    return tokens[match.start].word in lexicon().articles


def _is_done_by_somebody(cast: _Cast, pose: Match) -> bool:
    """Whether a word that may be a deed is one, and of a person: not "the waves", nor "the mug stands on the table"."""
    tokens = cast.tokens
    before = tokens[pose.start - 1] if pose.start else None
    word = tokens[pose.start].word
    if before and before.word in lexicon().articles and not word.endswith("ing") and pose.end - pose.start == 1:
        return False
    thing = next((match for match in cast.said if match.end == pose.start), None)
    if thing is None or before is None or before.clause != tokens[pose.start].clause:
        return True
    if not (thing.values("prop") or thing.values("product")) or thing.values("pose"):
        return True
    # "A girl with an umbrella crosses": somebody is spoken of in the clause and does nothing yet.
    somebody = [mention.match for mention in cast.mentions if tokens[mention.match.start].clause == before.clause]
    return any(
        match.end <= thing.start
        and not any(other.values("pose") and match.end <= other.start < thing.start for other in cast.said)
        for match in somebody
    )


def _with_poses(cast: _Cast, poses: Sequence[Match]) -> tuple[tuple[Person, ...], tuple[str, ...]]:
    """Gives each pose to whoever is spoken of last before it in its sentence, or next after it."""
    people = list(cast.people)
    loose: list[str] = []
    for match in poses:
        if any(mention.match == match for mention in cast.mentions):
            continue
        pose = match.values("pose")[0]
        subject = _subject(cast, match)
        if subject is None:
            loose.append(pose)
            continue
        for i in subject.cast:
            if people[i].pose is None or (people[i].pose in lexicon().weak and pose not in lexicon().weak):
                people[i] = replace(people[i], pose=pose)
    together = [person.pose for person in people if person.pose in lexicon().together]
    if together:
        people = [person if person.pose else replace(person, pose=together[0]) for person in people]
    return tuple(people), tuple(loose)


def _subject(cast: _Cast, pose: Match) -> _Mention | None:
    sentence = cast.tokens[pose.start].sentence
    here = [mention for mention in cast.mentions if cast.tokens[mention.match.start].sentence == sentence]
    before = [mention for mention in here if mention.match.end <= pose.start]
    return before[-1] if before else (here[0] if here else None)


def _says_nobody(tokens: Sequence[Token], matches: Sequence[Match], said: Sequence[Match]) -> bool:
    if any(match.values("nobody") for match in matches):
        return True
    if any((match.values("role") or match.values("group")) and match not in said for match in matches):
        return True
    empty = lexicon().empty
    return any(
        match.values("setting") and any(token.word in empty for token in tokens[max(0, match.start - 2) : match.start])
        for match in said
    )
