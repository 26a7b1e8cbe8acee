"""The invented people of `examples/bergen-2016-06/`: everything that a hard rule looks at is written here.

Family names become `Eksempel-…`, which marks them as invented. The tables are in the order of their numbers:
the first refugee is case `BER-2016-0001`, the first guide has the address `volunteer-01@example.org`.
"""

from dataclasses import dataclass
from typing import Literal

Gender = Literal["female", "male"]
Education = Literal["none", "primary", "secondary", "vocational", "bachelor", "master"]


@dataclass(frozen=True, slots=True)
class Refugee:
    """`speaks` lists `language=level`, or the language alone for a native speaker; `free` lists `part=hours`
    a week; `wish` is the gender that the guide should have.
    """

    given_name: str
    family_name: str
    gender: Gender
    born: int
    speaks: str
    free: str
    occupation: str
    education: Education
    adults: int = 1
    minors: int = 0
    wish: Gender | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    """As a refugee's row; `wish` is the gender that the refugee should have."""

    given_name: str
    family_name: str
    gender: Gender
    born: int
    speaks: str
    free: str
    child_certificate: bool = False
    wish: Gender | None = None


F: Gender = "female"
M: Gender = "male"
NB_EN = "nb en=fluent"

REFUGEES = (
    # Speak neither Norwegian nor English: they depend on few guides, whom a round must not waste.
    Refugee("Yonas", "Alfa", M, 1991, "ti", "evening=4", "driver", "secondary"),
    Refugee("Filmon", "Bravo", M, 1994, "ti", "weekend=6", "farmer", "primary"),
    Refugee("Selam", "Charlie", F, 1987, "ti", "evening=2 weekend=4", "cook", "primary", 1, 2, wish=F),
    Refugee("Omar", "Delta", M, 1979, "ar", "evening=3", "tailor", "primary"),
    Refugee("Khaled", "Echo", M, 1989, "ar", "weekend=5", "carpenter", "vocational"),
    Refugee("Samir", "Foxtrot", M, 1983, "ar", "evening=4 weekend=4", "shopkeeper", "secondary", wish=M),
    Refugee("Rania", "Golf", F, 1985, "ar", "weekend=5", "teacher", "bachelor", 2, 1, wish=F),
    Refugee("Azad", "Hotel", M, 1990, "kmr", "evening=4", "barber", "secondary"),
    Refugee("Berivan", "India", F, 1995, "kmr", "weekend=4", "student", "secondary"),
    Refugee("Farid", "Juliett", M, 1996, "prs", "evening=5 weekend=3", "mechanic", "vocational", wish=M),
    Refugee("Mustafa", "Kilo", M, 1986, "prs", "evening=2 weekend=6", "farmer", "none"),
    Refugee("Zalmay", "Lima", M, 1981, "ps", "evening=4 weekend=6", "driver", "primary"),
    Refugee("Hodan", "Mike", F, 1992, "so", "weekend=4", "shopkeeper", "primary", wish=F),
    # Share Norwegian or English with many guides.
    Refugee("Abdi", "November", M, 1993, "so nb=basic", "evening=4", "electrician", "vocational"),
    Refugee("Ahmad", "Oscar", M, 1978, "prs nb=basic", "evening=3 weekend=3", "teacher", "bachelor", 2, 3),
    Refugee("Mohammed", "Papa", M, 1988, "ar en=basic", "evening=4 weekend=4", "cook", "secondary", wish=M),
    Refugee("Dawit", "Quebec", M, 1992, "ti en=fluent", "weekend=6", "student", "bachelor", wish=M),
    Refugee("Ibrahim", "Romeo", M, 1975, "ar nb=basic", "weekend=4", "engineer", "master", 2, 1),
    Refugee(
        "Tesfay", "Sierra", M, 1990, "ti en=basic nb=basic", "evening=3 weekend=2", "mechanic", "vocational"
    ),
    Refugee("Maryam", "Tango", F, 1984, "prs en=fluent", "weekend=3", "nurse", "bachelor", 2, 2, wish=F),
    Refugee("Serwan", "Uniform", M, 1986, "kmr ar=fluent nb=basic", "evening=3", "tailor", "primary"),
    Refugee(
        "Hassan", "Victor", M, 1997, "so ar=basic en=basic", "evening=4 weekend=2", "student", "secondary"
    ),
    Refugee("Nasir", "Whiskey", M, 1990, "ps en=basic", "evening=5", "electrician", "secondary"),
    Refugee("Bilal", "Xray", M, 1994, "ar en=fluent", "afternoon=1 evening=2", "engineer", "bachelor"),
    Refugee("Robel", "Yankee", M, 1995, "ti nb=basic", "weekend=2", "carpenter", "vocational"),
)

GUIDES = (
    # Share a refugee's first language.
    Guide("Hiwot", "Aasen", F, 1982, "ti nb=fluent en=fluent", "evening=3 weekend=4", child_certificate=True),
    Guide("Saba", "Bakke", F, 1990, "ti nb=fluent", "weekend=4"),
    Guide("Mehari", "Berg", M, 1985, "ti nb=fluent en=basic", "evening=3"),
    Guide("Nabil", "Bjørk", M, 1977, "ar nb=fluent en=fluent", "evening=2 weekend=4"),
    Guide("Leila", "Brekke", F, 1969, "ar nb=fluent", "evening=4"),
    Guide("Amal", "Bru", F, 1980, "ar nb=fluent en=basic", "weekend=5", child_certificate=True),
    Guide("Yasmin", "Bø", F, 1988, "ar nb=fluent en=fluent", "evening=3 weekend=3", wish=F),
    Guide("Gunvor", "Dal", F, 1955, "nb en=fluent ar=basic", "weekend=4"),
    Guide("Zozan", "Dokken", F, 1986, "kmr nb=fluent", "evening=2 weekend=3"),
    Guide("Rojda", "Eide", F, 1992, "kmr nb=fluent en=basic", "evening=4"),
    Guide("Reza", "Eng", M, 1974, "prs nb=fluent en=basic", "evening=3"),
    Guide("Shirin", "Fjell", F, 1983, "prs nb=fluent", "weekend=4"),
    Guide("Sahra", "Foss", F, 1979, "so nb=fluent", "evening=3"),
    Guide("Ifrah", "Furu", F, 1991, "so nb=fluent en=fluent", "afternoon=2 evening=3 weekend=0.5"),
    Guide("Yusuf", "Gran", M, 1987, "so nb=fluent en=fluent", "evening=2 weekend=5"),
    # Share Norwegian, and most of them English.
    Guide("Svein", "Grov", M, 1950, NB_EN, "morning=4 evening=2 weekend=2"),
    # Free in the mornings only, when refugees are in qualification.
    Guide("Anne", "Hagen", F, 1946, "nb", "morning=8"),
    Guide("Inger", "Hammer", F, 1944, "nb", "morning=6"),
    Guide("Kari", "Haug", F, 1949, NB_EN, "morning=6"),
    Guide("Marit", "Hei", F, 1947, NB_EN, "morning=10"),
    # Free in the evenings.
    Guide("Ingrid", "Holm", F, 1990, NB_EN, "evening=3"),
    Guide("Liv", "Hovden", F, 1952, "nb", "morning=4 evening=3"),
    Guide("Eva", "Kleiv", F, 1963, NB_EN, "evening=2"),
    Guide("Berit", "Klippe", F, 1958, "nb", "evening=4"),
    Guide("Astrid", "Kvam", F, 1985, NB_EN, "evening=2", child_certificate=True),
    Guide("Bjørg", "Lid", F, 1950, NB_EN, "morning=4 evening=2"),
    Guide("Hilde", "Lie", F, 1968, NB_EN, "evening=3"),
    Guide("Anna", "Lund", F, 1994, NB_EN, "evening=4", wish=F),
    Guide("Solveig", "Lyng", F, 1956, "nb", "evening=2"),
    Guide("Marianne", "Mo", F, 1971, NB_EN, "evening=3", child_certificate=True),
    Guide("Randi", "Moen", F, 1954, NB_EN, "evening=2"),
    Guide("Ida", "Myr", F, 1996, NB_EN, "evening=4"),
    # Free at the weekend.
    Guide("Nina", "Nes", F, 1972, NB_EN, "weekend=4"),
    Guide("Maria", "Nygård", F, 1983, NB_EN, "weekend=3", child_certificate=True),
    Guide("Elisabeth", "Odden", F, 1966, NB_EN, "weekend=4"),
    Guide("Kristin", "Rud", F, 1970, NB_EN, "weekend=5"),
    Guide("Bente", "Sand", F, 1961, "nb", "weekend=3"),
    Guide("Heidi", "Selje", F, 1974, NB_EN, "weekend=2", wish=F),
    Guide("Silje", "Skog", F, 1989, NB_EN, "weekend=4"),
    Guide("Hanne", "Sletten", F, 1978, NB_EN, "weekend=3", child_certificate=True),
    Guide("Linda", "Solberg", F, 1976, NB_EN, "weekend=2"),
    Guide("Tone", "Stein", F, 1967, NB_EN, "weekend=6"),
    Guide("Elin", "Strand", F, 1981, NB_EN, "weekend=3"),
    # Free on both.
    Guide("Anita", "Sund", F, 1965, NB_EN, "evening=2 weekend=2"),
    Guide("Tove", "Sæter", F, 1957, "nb", "evening=2 weekend=4"),
    Guide("Wenche", "Tangen", F, 1953, NB_EN, "afternoon=2 evening=2 weekend=2"),
    Guide("Ragnhild", "Teigen", F, 1960, NB_EN, "evening=3 weekend=3", child_certificate=True),
    Guide("Camilla", "Torp", F, 1987, NB_EN, "evening=2 weekend=3"),
    Guide("Ellen", "Ulv", F, 1964, NB_EN, "evening=1 weekend=4", child_certificate=True),
    Guide("Karin", "Vang", F, 1959, NB_EN, "evening=3 weekend=2", wish=F),
    Guide("Hege", "Vik", F, 1973, NB_EN, "evening=2 weekend=4"),
    Guide("Ann", "Vold", F, 1993, NB_EN, "evening=3 weekend=3"),
    Guide("Mona", "Øien", F, 1975, NB_EN, "evening=2 weekend=2", child_certificate=True),
    Guide("Marte", "Ås", F, 1997, NB_EN, "evening=4 weekend=4"),
    Guide("Stine", "Åker", F, 1995, NB_EN, "evening=3 weekend=2"),
)

DISTRICTS = ("Arna", "Bergenhus", "Fana", "Fyllingsdalen", "Laksevåg", "Ytrebygda", "Årstad", "Åsane")
GUIDE_OCCUPATIONS = (
    "accountant",
    "cook",
    "electrician",
    "engineer",
    "librarian",
    "nurse",
    "shopkeeper",
    "student",
    "teacher",
)
GUIDE_EDUCATION: tuple[Education, ...] = ("secondary", "vocational", "bachelor", "bachelor", "master")
INTERESTS = (
    "art",
    "board_games",
    "chess",
    "cinema",
    "computers",
    "cooking",
    "cycling",
    "fishing",
    "football",
    "gardening",
    "handball",
    "hiking",
    "history",
    "knitting",
    "languages",
    "music",
    "photography",
    "reading",
    "sewing",
    "swimming",
)
ACTIVITIES = (
    "coffee",
    "cooking",
    "culture",
    "football",
    "library",
    "nature_walks",
    "practise_norwegian",
    "show_the_town",
)
OCCUPATIONS = (
    *(refugee.occupation for refugee in REFUGEES),
    *GUIDE_OCCUPATIONS,
    "pensioner",
)
TOPICS = sorted({*INTERESTS, *ACTIVITIES, *OCCUPATIONS})
