"""The storyboard: reading descriptions, choosing what they leave open, and what a look may depend on."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forge_resources.errors import InvalidInput
from forge_resources.imaging.casting import Person
from forge_resources.imaging.product_shapes import product_shapes, read_product
from forge_resources.imaging.storyboard import compose_storyboard, shot_seed
from forge_resources.imaging.visual_reading import VisualReading, read_visual
from forge_resources.library.vocabulary import load_vocabulary
from forge_resources.schemas.brand import Product
from forge_resources.schemas.script import Camera, Scope
from forge_resources.schemas.storyboard import ShotLook
from tests.cells import LAMP, MARKET_TRAITS, PERSONA_TRAITS, cell_brief, script

SCOPES: tuple[Scope, ...] = ("brief", "persona", "market", "cell")


def read(text: str) -> VisualReading:
    return read_visual(text, ("Aurora Lamp", "lamp"))


def cast(text: str) -> list[tuple[str, str | None]] | None:
    people = read(text).people
    return None if people is None else [(person.role, person.pose) for person in people]


@pytest.mark.parametrize(
    ("text", "size", "angle", "move"),
    [
        ("Close-up of a hand.", "close-up", None, None),
        ("Extreme close-up of an eye, from above.", "extreme-close-up", "high", None),
        ("WIDE SHOT: the valley, low angle.", "wide", "low", None),
        ("An aerial view of the coast.", "extreme-wide", None, None),
        ("Slow push in on the table.", None, None, "push"),
        ("The camera pans left across the room.", None, None, "pan-left"),
        ("Bird's-eye view of a desk, locked off.", None, "overhead", "hold"),
        ("We pull back from the window.", None, None, "pull"),
        ("Dutch angle, medium shot.", "medium", "dutch", None),
        ("A Dutch market with wide tables and a pan on a stove.", None, None, None),
    ],
)
def test_camera_is_read(text: str, size: str | None, angle: str | None, move: str | None) -> None:
    reading = read(text)
    assert (reading.size, reading.angle, reading.move) == (size, angle, move)


@pytest.mark.parametrize(
    ("text", "setting", "time", "light"),
    [
        ("A small flat at sunrise.", "living-room", "dawn", "backlight"),
        ("On the subway at rush hour, late at night.", "train", "night", None),
        ("The lounge, 7 am.", "living-room", "morning", None),
        ("A kitchen table at 23:15.", "kitchen", "night", None),
        ("An open-plan office in the afternoon, overcast.", "office", "afternoon", "overcast"),
        ("A café by candlelight.", "cafe", None, "candle"),
        ("Somebody asleep in bed.", "bedroom", None, None),
        ("A library of sounds in a bus stop.", "library", None, None),
        ("On a train, in cool screen light.", "train", None, "cool-screen"),
        ("The training starts.", None, None, None),
        ("A meeting that lasts all day.", "office", None, None),
        ("Not in the kitchen but in the garden.", "garden", None, None),
    ],
)
def test_place_hour_and_light_are_read(text: str, setting: str | None, time: str | None, light: str | None) -> None:
    reading = read(text)
    assert (reading.setting, reading.time_of_day, reading.light) == (setting, time, light)


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("A mother sleeps while her son runs.", [("parent", "sleeps"), ("child", "runs")]),
        ("Two young friends walk home.", [("friend", "walks"), ("friend", "walks")]),
        ("A couple hugs.", [("adult", "hugs"), ("adult", "hugs")]),
        ("A family of four.", [("parent", None), ("parent", None), ("child", None), ("child", None)]),
        ("A woman wakes. The woman yawns.", [("adult", "lies")]),
        ("A mother and a father read.", [("parent", "reads"), ("parent", "reads")]),
        ("Grandfather is asleep.", [("senior", "sleeps")]),
        ("The chef cooks.", [("cook", "cooks")]),
        ("A father cooks.", [("parent", "cooks")]),
        ("A mother hugs her daughter.", [("parent", "hugs"), ("child", "hugs")]),
        ("She is typing.", [("adult", "types")]),
        ("Her hand reaches for the switch.", [("adult", "reaches")]),
        ("A runner's face.", [("athlete", None)]),
        ("A crowd of children.", [("child", None)] * 5),
        ("A student's desk.", None),
        ("No people, no cars.", []),
        ("An empty street.", []),
        ("A quiet room, nobody about.", []),
        ("A room without children.", []),
        ("The mug stands on the table.", None),
        ("A girl with an umbrella crosses the street.", [("child", "walks")]),
        ("Grandma and her two grandchildren bake.", [("senior", "cooks"), ("child", "cooks"), ("child", "cooks")]),
        ("A boy looks at the waves.", [("child", None)]),
        ("A woman sits on the sofa and reads.", [("adult", "reads")]),
        ("He cannot sleep.", [("adult", None)]),
        ("Nothing but a view.", None),
    ],
)
def test_people_are_read(text: str, people: list[tuple[str, str | None]] | None) -> None:
    assert cast(text) == people


def test_a_person_shown_by_a_pronoun_is_nameless() -> None:
    assert read("She waits.").people == (Person("adult", "stands", nameless=True),)


@pytest.mark.parametrize(
    ("text", "props"),
    [
        ("A mug, two books and her phone.", ("mug", "book", "phone")),
        ("No phone, no laptop on the desk.", ()),
        ("A cup of coffee beside the newspaper.", ("mug", "papers")),
        ("Puppies and kittens.", ("dog", "cat")),
        ("The lamp.", ()),
        ("A phone call on a Sunday.", ()),
        ("Her phone lights her face.", ("phone",)),
    ],
)
def test_props_are_read(text: str, props: tuple[str, ...]) -> None:
    assert read(text).props == props


@pytest.mark.parametrize(
    ("text", "mention", "state"),
    [
        ("The Aurora Lamp glows.", "product", "placed"),
        ("She holds up the lamp.", "product", "held"),
        ("A packshot of the product.", "product", "hero"),
        ("The lamp, out of focus.", "product", "background"),
        ("No lamp yet.", "denied", "absent"),
        ("A lamplit street.", "nothing", None),
        ("A clamp.", "nothing", None),
    ],
)
def test_the_product_is_read(text: str, mention: str, state: str | None) -> None:
    reading = read(text)
    assert (reading.mention, reading.product_state) == (mention, state)


@pytest.mark.parametrize(
    ("name", "description", "shape"),
    [
        ("Aurora Lamp", "It wakes you.", "lamp"),
        ("Nordwind", "A winter jacket for cyclists.", "garment"),
        ("Kids Bike Lamp", "For bikes.", "lamp"),
        ("Bag for Life", "Carry anything.", "bag"),
        ("Volta", "An electric car that charges in minutes.", "car"),
        ("Bliss Hand Cream", "For dry hands.", "tube"),
        ("Espresso Machine One", "Makes coffee.", "appliance"),
        ("Alpine Spring Water", "From the source.", "bottle"),
        ("Running Shoes", "They run.", "shoe"),
        ("Pluma", "A pen with a memory.", "tube"),
        ("Zyx", "Something entirely new.", "box"),
        ("Havra Oat Drink", "A creamy oat drink in a carton.", "box"),
        ("Havra Oat Drink", "Creamy, in a slim recyclable can.", "can"),
        ("Aurora Lamp", "It comes in a box.", "lamp"),
        ("Alpine Spring Water", "In the mountains a bottle never runs dry.", "bottle"),
    ],
)
def test_product_shapes(name: str, description: str, shape: str) -> None:
    assert read_product(Product(name=name, description=description, selling_points=["New"])).shape == shape


def test_selling_points_are_the_last_to_be_asked_for_a_shape() -> None:
    product = Product(name="Zyx", description="Something new.", selling_points=["The first headphones that listen"])
    assert read_product(product).shape == "headphones"


def test_product_words_are_many() -> None:
    assert sum(map(len, product_shapes().shapes.values())) > 600


def test_structured_fields_are_taken_as_given() -> None:
    camera = Camera(size="full", angle="low", move="tilt-up")
    row = {
        "visual": "Close-up of a dog in the kitchen at night, she yawns.",
        "camera": camera,
        "setting": "park",
        "time_of_day": "noon",
        "persons": ["senior", "child"],
        "props": ["book"],
    }
    (shot,) = compose_storyboard(script(row), cell_brief()).shots
    look = shot.look
    assert (look.camera, look.setting, look.time_of_day, look.props) == (camera, "park", "noon", ["book"])
    assert [figure.role for figure in look.figures] == ["senior", "child"]
    assert look.figures[0].pose == "yawns"


def test_nobody_named_means_no_figures() -> None:
    (shot,) = compose_storyboard(script({"visual": "A quiet kitchen in the morning."}), cell_brief()).shots
    assert shot.look.figures == []


def test_she_is_the_persona_only_where_the_scope_knows_her() -> None:
    board = compose_storyboard(
        script({"visual": "She waits.", "scope": "persona"}, {"visual": "She waits.", "scope": "brief"}),
        cell_brief(persona="night-owl-student"),
    )
    assert [shot.look.figures[0].role for shot in board.shots] == ["student", "adult"]


def test_a_product_shot_without_a_place_is_in_the_studio_and_others_continue() -> None:
    board = compose_storyboard(
        script(
            {"visual": "A woman in the kitchen at dusk."},
            {"visual": "The Aurora Lamp.", "beat": "product"},
            {"visual": "A man waves.", "beat": "tension"},
        ),
        cell_brief(),
    )
    assert [shot.look.setting for shot in board.shots] == ["kitchen", "studio", "kitchen"]
    assert board.shots[2].look.time_of_day == "dusk"


def test_a_persona_begins_at_home() -> None:
    rows = [{"visual": "She waits.", "scope": "persona"}, {"visual": "The street at noon.", "scope": "brief"}]
    for persona, traits in PERSONA_TRAITS.items():
        look = compose_storyboard(script(*rows), cell_brief(persona=persona)).shots[0].look
        assert (look.setting, look.time_of_day) == (traits["home"], traits["hour"])


def test_beats_show_the_product() -> None:
    rows = [{"beat": beat, "visual": "The kitchen."} for beat in ("product", "proof", "call")]
    board = compose_storyboard(script(*rows), cell_brief())
    assert [shot.look.product for shot in board.shots] == ["hero", "placed", "hero"]


def test_a_product_nobody_speaks_of_does_not_stand_about() -> None:
    rows = [
        {"beat": "proof", "visual": "A park, the skyline behind the trees."},
        {"beat": "proof", "visual": "A man walks in the park."},
        {"beat": "hook", "visual": "A man in the kitchen."},
    ]
    lamps = compose_storyboard(script(*rows), cell_brief()).shots
    assert [shot.look.product for shot in lamps] == ["absent", "absent", "absent"]
    shoe = Product(name="Runna Shoes", description="Shoes.", selling_points=["Light"])
    shoes = compose_storyboard(script(*rows), cell_brief(product=shoe)).shots
    assert shoes[1].look.product in ("held", "placed")


def test_a_prop_of_the_products_kind_is_no_product() -> None:
    row = {"beat": "hook", "visual": "An adult waits on the pavement, a bag put down."}
    bag = Product(name="Sella Nimbus", description="A bag that stays dry.", selling_points=["Light"])
    shots = compose_storyboard(script({**row, "props": ["bag"]}, row), cell_brief(product=bag)).shots
    assert [(shot.look.product, shot.look.props) for shot in shots] == [("absent", ["bag"]), ("placed", [])]


def test_what_no_hand_holds_is_placed() -> None:
    row = {"beat": "proof", "visual": "She holds the product in the kitchen."}
    jar = Product(name="Miel Honey", description="Honey.", selling_points=["Sweet"])
    states = [
        compose_storyboard(script(row), cell_brief(product=product)).shots[0].look.product for product in (LAMP, jar)
    ]
    assert states == ["placed", "held"]


def test_sizes_of_neighbours_differ() -> None:
    rows = [{"visual": "A woman in the kitchen.", "scope": SCOPES[n % 4 and 3]} for n in range(12)]
    shots = compose_storyboard(script(*rows), cell_brief()).shots
    sizes = [shot.look.camera.size for shot in shots]
    assert all(one != other for one, other in pairwise(sizes))


def test_poses_fit_the_place_and_hour() -> None:
    rows = [{"visual": f"A woman {where}."} for where in ("in the bedroom at midnight", "in the car", "at the gym")]
    board = compose_storyboard(script(*rows), cell_brief())
    poses = [shot.look.figures[0].pose for shot in board.shots]
    assert poses[0] in ("sleeps", "lies")
    assert poses[1] == "sits"
    assert poses[2] in ("stretches", "runs")


def test_a_word_outside_the_vocabulary_is_named_with_its_place() -> None:
    rows = script({"setting": "moon-base"}, {"props": ["mug", "laser"]}, {"persons": ["wizard"]})
    with pytest.raises(InvalidInput) as caught:
        compose_storyboard(rows, cell_brief())
    assert [fault.place for fault in caught.value.faults] == [
        "rows[0].setting",
        "rows[1].props[1]",
        "rows[2].persons[0]",
    ]


ROWS: list[dict[str, Any]] = [
    {"visual": "A woman wakes.", "scope": "cell"},
    {"visual": "The street outside.", "scope": "market", "beat": "tension"},
    {"visual": "Her hand.", "scope": "persona", "beat": "tension"},
    {"visual": "The lamp on a table.", "scope": "brief", "beat": "product"},
    {"visual": "A man in the kitchen.", "scope": "brief", "beat": "proof"},
    {"visual": "She smiles.", "scope": "persona", "beat": "proof"},
    {"visual": "The skyline.", "scope": "market", "beat": "proof"},
    {"visual": "The product.", "scope": "brief", "beat": "call"},
]


def looks(market: str, persona: str, rows: list[dict[str, Any]] = ROWS) -> dict[int, tuple[Scope, ShotLook]]:
    board = compose_storyboard(script(*rows), cell_brief(market, persona))
    return {shot.number: (shot.scope, shot.look) for shot in board.shots}


def test_a_look_depends_on_no_more_than_its_scope() -> None:
    boards = {(m, p): looks(m, p) for m in MARKET_TRAITS for p in PERSONA_TRAITS}
    for number, row in enumerate(ROWS, start=1):
        shown: dict[Scope, int] = {"brief": 1, "persona": len(PERSONA_TRAITS), "market": len(MARKET_TRAITS), "cell": 8}
        distinct = {look.content_hash() for look in (board[number][1] for board in boards.values())}
        scope: Scope = row["scope"]
        assert len(distinct) == shown[scope], (number, scope)


def test_rows_of_a_narrower_scope_do_not_reach_a_wider_one() -> None:
    changed = [
        {**row, "visual": "Wide shot: two chefs at the beach at night.", "camera": Camera(size="close-up")}
        if row["scope"] != "brief"
        else row
        for row in ROWS
    ]
    before, after = looks("de-DE", "busy-parent"), looks("de-DE", "busy-parent", changed)
    assert [before[n] for n in (4, 5, 8)] == [after[n] for n in (4, 5, 8)]
    assert all(before[n] != after[n] for n in (1, 2, 3, 6, 7))


def test_only_shots_that_may_differ_by_market_show_it() -> None:
    rows = [{"visual": "The kitchen.", "scope": scope} for scope in SCOPES]
    rows += [{"visual": "The street.", "scope": "market"}, {"visual": "A plain backdrop.", "scope": "cell"}]
    details = [shot.look.details for shot in compose_storyboard(script(*rows), cell_brief("ja-JP")).shots]
    assert details == [[], [], ["window-shoji"], ["window-shoji"], ["skyline-jp"], []]


def test_copy_never_reaches_a_look() -> None:
    silent = compose_storyboard(script(*ROWS), cell_brief())
    spoken = [
        {
            **row,
            "super": "A dog at the beach",
            "voice_over": "Close-up of two chefs at night in the lamp light",
            "super_gloss": "Dog",
            "voice_over_gloss": "Cat",
        }
        for row in ROWS
    ]
    assert compose_storyboard(script(*spoken), cell_brief()) == silent


def test_equal_rows_have_looks_of_their_own() -> None:
    board = compose_storyboard(script(*[ROWS[0]] * 5), cell_brief())
    assert len({shot.look.content_hash() for shot in board.shots}) == 5


def test_seeds_have_63_bits_and_name_what_their_scope_names() -> None:
    german, french = cell_brief("de-DE"), cell_brief("en-GB")
    assert shot_seed(german, "brief", 1) == shot_seed(french, "brief", 1)
    assert shot_seed(german, "market", 1) != shot_seed(french, "market", 1)
    assert shot_seed(german, "persona", 1) != shot_seed(cell_brief(persona="night-owl-student"), "persona", 1)
    assert len({shot_seed(german, scope, shot) for scope in SCOPES for shot in range(1, 41)}) == 160
    assert all(0 <= shot_seed(german, scope, 40) < 2**63 for scope in SCOPES)


def test_a_persona_is_played_by_one_person() -> None:
    rows = [{"visual": "She waits.", "scope": scope} for scope in ("persona", "cell", "persona", "brief")]
    rows.append({"visual": "The kitchen.", "scope": "persona"})
    casts = {
        persona: [shot.look.cast_seed for shot in compose_storyboard(script(*rows), cell_brief(persona=persona)).shots]
        for persona in PERSONA_TRAITS
    }
    parent, student = casts.values()
    assert len(set(parent[:3])) == 1
    assert parent[0] not in (student[0], parent[3])
    assert parent[3] == student[3]
    assert parent[4] is None


VISUAL = (
    "a the two no mother kids empty kitchen beach night at in lamp holds phone sleeps runs . , close-up and her "
    "without family 7 am café's ! ☃ 日本 x-ray product on"
)
WORDS = st.sampled_from(VISUAL.split())


@settings(max_examples=60)
@given(visuals=st.lists(st.lists(WORDS, min_size=1, max_size=25).map(" ".join), min_size=1, max_size=4))
def test_any_text_gives_looks_of_the_vocabulary(visuals: list[str]) -> None:
    words = load_vocabulary()
    board = compose_storyboard(script(*({"visual": visual} for visual in visuals)), cell_brief())
    for shot, visual in zip(board.shots, visuals, strict=True):
        look = shot.look
        assert look.description == visual
        assert look.setting in words.settings
        assert look.time_of_day in words.times_of_day
        assert look.light in words.lights
        assert {figure.role for figure in look.figures} <= set(words.roles)
        assert {figure.pose for figure in look.figures} <= set(words.poses)
        assert set(look.props) <= set(words.props)
        assert look.product in words.product_states
        assert look.product_shape in words.product_shapes
        assert set(look.details) <= set(words.details)
