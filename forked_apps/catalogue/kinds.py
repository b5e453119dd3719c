"""Which drawing stands for a kind of product that has no photograph.

The first pattern that fits wins: parts and covers come before the furniture that they are for.
"""

from __future__ import annotations

import re
from functools import cache

_BY_KIND = [
    ("cover", r"^(.* )?cover\b|^cover"),
    ("cushion", r"cushion|\bpad\b|pillow|babycare mat|bath mat|headrest|padded"),
    ("handle", r"\bhandle\b|\bknob\b|hinge|lock$"),
    (
        "leg",
        r"^(2 )?legs?\b|\blegs? (for|with|cone)|^foot$|castor$|^pair of legs|trestle|underframe|table leg"
        r"|supporting",
    ),
    ("door", r"^(glass |mirror |panel/glass )?doors?\b|drawer front"),
    (
        "fittings",
        r"bracket|rail$|runner|fitting|connector|brace|hook|template|rod |post$|upright$|holder|guard rail|^net$"
        r"|floor protector|lid$|plinth$|drop file|chopping|screen for|tray$|drill|extension unit|^top panel",
    ),
    ("basket", r"basket$|storage (box|case|bag)|^drawer$|insert|stor baskets|mesh baskets?$"),
    ("headboard", r"^headboard"),
    ("outdoor_set", r"conversation set"),
    ("sun_lounger", r"lounger|hammock"),
    ("tent", r"tent|canopy|tunnel|parasol"),
    ("bunk_bed", r"bunk|loft bed"),
    ("mattress", r"^(?!.*(bed|cradle)).*mattress|^slatted bed base|platform"),
    ("sofa_bed", r"sofa-bed|chaise longue|day-bed|armchair-bed|guest bed"),
    ("corner_sofa", r"corner sofa|u-shaped sofa|corner section|corner module"),
    ("sofa", r"sofa|section$|module|end section|armrest|backrest$|back rest"),
    ("cot", r"\bcot\b|cradle"),
    ("changing_table", r"changing"),
    ("bed", r"\bbed\b|divan|underbed"),
    ("wardrobe", r"wardrobe"),
    ("bar_set", r"bar table and"),
    ("bar_table", r"bar table"),
    ("bar_stool", r"bar stool|standing support|sit/stand support"),
    (
        "dining_set",
        r"table ?(and|with|\+|f wall\+|for wall\+).*(chair|stool|bench|chrs?)|picnic|gat.*\+2 chairs",
    ),
    ("nest_tables", r"nest of tables"),
    ("dressing_table", r"dressing table"),
    ("tv_bench", r"\btv\b|media storage"),
    ("office_chair", r"(office|swivel|conference|desk) (chair|armchair)|chair with castors"),
    ("highchair", r"highchair|junior chair"),
    ("armchair", r"armchair|easy chair|wing chair|recliner|rocking|beanbag"),
    ("stepladder", r"step stool|stepladder|step"),
    ("footstool", r"footstool|pouffe|foot-rest"),
    ("room_divider", r"room divider|^screen"),
    ("trolley", r"trolley|kitchen island"),
    ("desk", r"\bdesk|workstation|laptop (table|stand|support)|tablet stand|workspace|pegboard"),
    ("console", r"console|sideboard|buffet"),
    ("side_table", r"(coffee|side|tray|bedside|storage|corner) table|stool/side table|table/stool|tray stand"),
    ("stool", r"stool"),
    ("bench", r"bench"),
    ("chair", r"\bchair|seat shell|seat and back"),
    ("table", r"table|glass top|trestle"),
    ("drawers", r"chest of|drawer unit|drawer frame"),
    ("glass_cabinet", r"glass[- ]door|glass doors"),
    ("bookcase", r"bookcase|bookshelf"),
    ("cabinet", r"cabinet|storage (comb|unit)|toy storage|storage w"),
    ("wall_shelf", r"wall shel|shelf$|display shel|shelves$|wall-mounted|wall storage|rack$|book-end"),
    ("shelving", r"shel[vf]|sections?\b|frame|add-on|side unit|wire|mesh|clothes"),
]  # fmt: skip

_BY_CATEGORY = {
    "bookcases & shelving units": "shelving", "chairs": "chair", "sofas & armchairs": "sofa",
    "tables & desks": "table", "wardrobes": "wardrobe", "beds": "bed", "outdoor furniture": "outdoor_set",
    "cabinets & cupboards": "cabinet", "chests of drawers & drawer units": "drawers",
    "tv & media furniture": "tv_bench", "children's furniture": "cabinet", "bar furniture": "bar_stool",
    "trolleys": "trolley", "nursery furniture": "cot", "café furniture": "table", "room dividers": "room_divider",
    "sideboards, buffets & console tables": "console",
    "notebook": "laptop", "gaming": "gaming_laptop", "ultrabook": "ultrabook", "2 in 1 convertible": "convertible",
    "workstation": "workstation", "netbook": "netbook", "laptops": "laptop",
}  # fmt: skip

#: For a product of which nothing is known.
ANYTHING = "parcel"

DRAWINGS = tuple(dict.fromkeys([*(name for name, _ in _BY_KIND), *_BY_CATEGORY.values(), ANYTHING]))


@cache
def drawing_for(*, kind: str, category: tuple[str, ...]) -> str:
    """The name of a drawing for a kind of product, as lists write it in English, in a category."""
    text = kind.lower().strip()
    if text:
        for name, pattern in _BY_KIND:
            if re.search(pattern, text):
                return name
    for part in reversed(category):
        if name := _BY_CATEGORY.get(part.lower()):  # type: ignore[assignment]
            return name
    return ANYTHING
