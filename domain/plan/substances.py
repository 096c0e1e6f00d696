"""The catalogue of substances: what is one and the same, whatever it is called, and which convention names it.

The tables are those of the Single Convention on Narcotic Drugs 1961 (Schedules I to IV), the Convention on Psychotropic
Substances 1971 (Schedules I to IV) and the United Nations Convention of 1988 (Tables I and II). Numbers are of the Chemical
Abstracts Service, the first of the substance itself, others of its usual salts. A name or number that is not here is no fault:
it is compared as it is.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Table = Literal["1961/I", "1961/II", "1971/I", "1971/II", "1971/III", "1971/IV", "1988/I", "1988/II"]


@dataclass(frozen=True)
class Substance:
    """One substance: its name in English (the international non-proprietary name where it has one) and in Russian, its numbers,
    where the conventions name it, and what else it is called.
    """

    english: str
    russian: str
    cas: tuple[str, ...]
    table: Table
    synonyms: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Its name in English, as it is compared."""
        return normal(self.english)

    def in_language(self, language: str) -> str:
        """Its name for who reads this language."""
        return self.russian if language == "ru" else self.english


_ALIKE: Final = str.maketrans("ёаеорсухікмтвн", "eaeopcyxikmtbh")
"""Cyrillic letters, small or capital, and the Latin ones that look the same: so no name hides behind another alphabet."""


def normal(name: str) -> str:
    """A name as it is compared: composed (NFKC), in small letters, Cyrillic ё а е о р с у х і к м т в н as the Latin
    e a e o p c y x i k m t b h, and of all that the letters and digits alone.
    """
    small = unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)
    return "".join(one for one in small if one.isalnum()) or small


def _row(line: str) -> Substance:
    english, russian, cas, table, *more = (part.strip() for part in line.split("|"))
    named = [one.strip() for part in more for one in part.split(";") if one.strip()]
    return Substance(english, russian, tuple(cas.split()), table, tuple(named))  # type: ignore[arg-type]


_ROWS: Final = """
heroin|героин|561-27-3 1502-95-0|1961/I|diacetylmorphine; diamorphine; diacetylmorphine hydrochloride; диацетилморфин; диаморфин
morphine|морфин|57-27-2 52-26-6|1961/I|морфий
opium|опий|8008-60-4|1961/I|опиум
cocaine|кокаин|50-36-2 53-21-4|1961/I|cocaine hydrochloride; кокаина гидрохлорид; crack; крэк
cannabis|каннабис||1961/I|marijuana; marihuana; марихуана
cannabis resin|смола каннабиса||1961/I|hashish; гашиш
coca leaf|лист коки||1961/I|coca leaves; листья коки
poppy straw|маковая солома||1961/I|
fentanyl|фентанил|437-38-7 990-73-8|1961/I|
carfentanil|карфентанил|59708-52-0|1961/I|
sufentanil|суфентанил|56030-54-7|1961/I|
alfentanil|альфентанил|71195-58-9|1961/I|
remifentanil|ремифентанил|132875-61-7|1961/I|
acetylfentanyl|ацетилфентанил|3258-84-2|1961/I|acetyl fentanyl; ацетил фентанил
methadone|метадон|76-99-3 1095-90-5|1961/I|
oxycodone|оксикодон|76-42-6 124-90-3|1961/I|
oxymorphone|оксиморфон|76-41-5|1961/I|
hydromorphone|гидроморфон|466-99-9|1961/I|
hydrocodone|гидрокодон|125-29-1|1961/I|
pethidine|петидин|57-42-1|1961/I|meperidine; меперидин
thebaine|тебаин|115-37-7|1961/I|
ecgonine|экгонин|481-37-8|1961/I|
levorphanol|леворфанол|77-07-6|1961/I|
trimeperidine|тримеперидин|64-39-1|1961/I|promedol; промедол
codeine|кодеин|76-57-3|1961/II|
dihydrocodeine|дигидрокодеин|125-28-0|1961/II|
ethylmorphine|этилморфин|76-58-4|1961/II|dionine; дионин
pholcodine|фолкодин|509-67-1|1961/II|
MDMA|МДМА|42542-10-9|1971/I|3,4-methylenedioxymethamphetamine; ecstasy; экстази; 3,4-метилендиоксиметамфетамин
MDA|МДА|4764-17-4|1971/I|tenamfetamine; тенамфетамин; 3,4-methylenedioxyamphetamine
lysergide|лизергид|50-37-3|1971/I|LSD; LSD-25; ЛСД
psilocybine|псилоцибин|520-52-5|1971/I|psilocybin
psilocine|псилоцин|520-53-6|1971/I|psilocin
mescaline|мескалин|54-04-6|1971/I|
dimethyltryptamine|диметилтриптамин|61-50-7|1971/I|DMT; N,N-dimethyltryptamine; ДМТ
cathinone|катинон|71031-15-7|1971/I|
methcathinone|меткатинон|5650-44-2|1971/I|ephedrone; эфедрон
amfetamine|амфетамин|300-62-9 60-13-9|1971/II|amphetamine; amphetamine sulfate; амфетамина сульфат
dexamfetamine|дексамфетамин|51-64-9|1971/II|dexamphetamine
methamphetamine|метамфетамин|537-46-2 51-57-0|1971/II|metamfetamine; crystal meth; первитин
mephedrone|мефедрон|1189805-46-6|1971/II|4-MMC; 4-methylmethcathinone; 4-ММЦ; 4-метилметкатинон
MDPV|МДПВ|687603-66-3|1971/II|3,4-methylenedioxypyrovalerone
methylone|метилон|186028-79-5|1971/II|bk-MDMA
alpha-PVP|альфа-ПВП|14530-33-7|1971/II|α-PVP; a-PVP; α-ПВП; а-ПВП; альфа-пирролидиновалерофенон
JWH-018|JWH-018|209414-07-3|1971/II|AM-678
AM-2201|AM-2201|335161-24-5|1971/II|
2C-B|2C-B|66142-81-2|1971/II|4-bromo-2,5-dimethoxyphenethylamine
phencyclidine|фенциклидин|77-10-1|1971/II|PCP
methylphenidate|метилфенидат|113-45-1|1971/II|
fenetylline|фенетиллин|3736-08-1|1971/II|
methaqualone|метаквалон|72-44-6|1971/II|
dronabinol|дронабинол|1972-08-3|1971/II|delta-9-tetrahydrocannabinol
GHB|ГОМК|591-81-1|1971/II|gamma-hydroxybutyric acid; γ-hydroxybutyric acid; гамма-оксимасляная кислота
buprenorphine|бупренорфин|52485-79-7|1971/III|
flunitrazepam|флунитразепам|1622-62-4|1971/III|rohypnol
pentazocine|пентазоцин|359-83-1|1971/III|
cathine|катин|492-39-7|1971/III|norpseudoephedrine; (+)-norpseudoephedrine
diazepam|диазепам|439-14-5|1971/IV|valium; реланиум
alprazolam|алпразолам|28981-97-7|1971/IV|xanax; ксанакс
clonazepam|клоназепам|1622-61-3|1971/IV|
phenobarbital|фенобарбитал|50-06-6|1971/IV|люминал
phenazepam|феназепам|51753-57-2|1971/IV|bromdihydrochlorphenylbenzodiazepine; бромдигидрохлорфенилбензодиазепин
zolpidem|золпидем|82626-48-0|1971/IV|
etizolam|этизолам|40054-69-1|1971/IV|
acetic anhydride|уксусный ангидрид|108-24-7|1988/I|ангидрид уксусной кислоты
ephedrine|эфедрин|299-42-3 50-98-6|1988/I|
pseudoephedrine|псевдоэфедрин|90-82-4 345-78-8|1988/I|
norephedrine|норэфедрин|14838-15-4|1988/I|phenylpropanolamine; фенилпропаноламин
ergometrine|эргометрин|60-79-7|1988/I|ergonovine; эргоновин
ergotamine|эрготамин|113-15-5|1988/I|
lysergic acid|лизергиновая кислота|82-58-6|1988/I|
P-2-P|фенил-2-пропанон|103-79-7|1988/I|1-phenyl-2-propanone; phenylacetone; BMK; БМК; 1-фенил-2-пропанон; фенилацетон
3,4-MDP-2-P|3,4-МДП-2-П|4676-39-5|1988/I|3,4-methylenedioxyphenyl-2-propanone; PMK; ПМК
safrole|сафрол|94-59-7|1988/I|
isosafrole|изосафрол|120-58-1|1988/I|
piperonal|пиперональ|120-57-0|1988/I|heliotropine; гелиотропин
potassium permanganate|перманганат калия|7722-64-7|1988/I|permanganate of potassium; калия перманганат; марганцовка
phenylacetic acid|фенилуксусная кислота|103-82-2|1988/I|
N-acetylanthranilic acid|N-ацетилантраниловая кислота|89-52-1|1988/I|
APAAN|АПААН|4468-48-8|1988/I|alpha-phenylacetoacetonitrile
MAPA|МАПА|16648-44-5|1988/I|methyl alpha-phenylacetoacetate
NPP|НПП|39742-60-4|1988/I|N-phenethyl-4-piperidone
ANPP|АНПП|21409-26-7|1988/I|4-ANPP; 4-anilino-N-phenethylpiperidine
acetone|ацетон|67-64-1|1988/II|
ethyl ether|этиловый эфир|60-29-7|1988/II|diethyl ether; диэтиловый эфир; серный эфир
toluene|толуол|108-88-3|1988/II|
methyl ethyl ketone|метилэтилкетон|78-93-3|1988/II|butanone; бутанон; МЭК
hydrochloric acid|соляная кислота|7647-01-0|1988/II|hydrogen chloride; хлористый водород
sulphuric acid|серная кислота|7664-93-9|1988/II|sulfuric acid
anthranilic acid|антраниловая кислота|118-92-3|1988/II|
piperidine|пиперидин|110-89-4|1988/II|
"""

CATALOGUE: Final[tuple[Substance, ...]] = tuple(_row(line) for line in _ROWS.strip().splitlines())


def _by_name() -> Mapping[str, Substance]:
    found: dict[str, Substance] = {}
    for one in CATALOGUE:
        for name in (one.english, one.russian, *one.synonyms):
            if found.setdefault(normal(name), one) is not one:
                message = f"{name} stands in the catalogue for two substances"
                raise ValueError(message)
    return found


NAMES: Final = _by_name()
NUMBERS: Final[Mapping[str, Substance]] = {cas: one for one in CATALOGUE for cas in one.cas}


@lru_cache(maxsize=4096)
def called(name: str) -> Substance | None:
    """What the catalogue has under this name, or under each of two of which one stands in brackets: mephedrone (4-MMC)."""
    found = NAMES.get(normal(name))
    if found is not None or not name.rstrip().endswith(")"):
        return found
    outer, _, inner = name.rstrip()[:-1].rpartition("(")
    one, other = NAMES.get(normal(outer)), NAMES.get(normal(inner))
    return one if one is other else None


def contradiction(name: str, cas: str | None) -> tuple[Substance, Substance] | None:
    """What the catalogue has under the name and what under the number, where these are two substances."""
    named, other = called(name), NUMBERS.get(cas or "")
    return (named, other) if named is not None and other is not None and named is not other else None


def identities(named: Iterable[tuple[str, str | None]]) -> Mapping[tuple[str, str | None], str]:
    """For each name and number: what it is compared by, the same for what is one substance. By the catalogue, its number before
    its name; else by its number, which a name has also where another of these gives it one; else by its name.
    """
    pairs = tuple(dict.fromkeys(named))
    numbers: dict[str, str] = {}
    for name, cas in pairs:
        if cas is not None:
            numbers.setdefault(normal(name), cas)
    return {(name, cas): identity(name, cas or numbers.get(normal(name))) for name, cas in pairs}


def known_as(name: str, cas: str | None = None) -> Substance | None:
    """What the catalogue has under this number, or where it has nothing, under this name."""
    return NUMBERS.get(cas or "") or called(name)


def identity(name: str, cas: str | None = None) -> str:
    """What a substance is compared by, that no other is named beside."""
    known = known_as(name, cas)
    return known.key if known is not None else cas or normal(name)
