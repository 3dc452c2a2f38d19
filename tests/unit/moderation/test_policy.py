"""The policy is whole, and sensitive trades can be switched one by one."""

from pathlib import Path

import pytest

from domaingen.errors import SettingsError
from domaingen.moderation.policy import bundled_policy

REPOSITORY = Path(__file__).parents[3]


def test_every_category_of_the_safety_rows_is_in_the_policy() -> None:
    names = {path.stem for path in (REPOSITORY / "data" / "safety").glob("*.txt")}
    assert names == set(bundled_policy().refused)


def test_every_category_says_what_it_covers_and_why() -> None:
    policy = bundled_policy()
    for category in [*policy.refused.values(), *policy.sensitive.values()]:
        assert category.name.isalpha()
        assert category.covers.endswith(".")
        assert category.reason.endswith(".")


def test_the_policy_page_explains_every_category() -> None:
    page = (REPOSITORY / "docs" / "policy.md").read_text(encoding="utf-8")
    policy = bundled_policy()
    for name in [*policy.refused, *policy.sensitive]:
        assert f"`{name}`" in page


def test_the_policy_page_names_both_settings_for_unsure_rows() -> None:
    page = (REPOSITORY / "docs" / "policy.md").read_text(encoding="utf-8")
    assert {"`DOMAINGEN_UNCERTAIN`", "`DOMAINGEN_MODERATION_WHEN_DOWN`"} <= set(
        page.replace(",", " ").replace(":", " ").split()
    )


def test_nothing_sensitive_is_refused_by_default() -> None:
    assert bundled_policy().sensitive_match("a licensed cannabis dispensary beside the casino") is None


TRADES = {
    "gambling": [
        "A licensed casino with live jazz", "Bookie in Leeds licensed by the commission", "casa de apuestas con licencia",
        "paris sportifs agréés", "Sportwetten und Spielhalle mit Konzession", "casa lotérica no centro",
        "lottery ki dukaan, licence ke saath", "scommesse e ricevitoria", "gokhal met vergunning",
    ],
    "cannabis": [
        "family-run cannabis dispensary", "licensed weed shop", "weed-store in Denver", "club cannábico para socios",
        "fleurs de chanvre et CBD", "Hanfladen in Köln", "maconha medicinal com receita", "sarkari bhang ki dukaan",
        "negozio di canapa light", "wietwinkel met vergunning",
    ],
    "firearms": [
        "gun shop and indoor shooting range", "gunshop and range", "Sharma Gun House, Meerut", "armería con licencia en Toledo",
        "armurier, chasse et tir sportif", "Büchsenmacher mit Schießstand", "clube de tiro esportivo",
        "licensed bandook ki dukaan", "un'armeria di famiglia", "schietvereniging met eigen schietbaan",
    ],
    "tobacco": [
        "vape shop downtown", "smoke shop", "tienda de vapeo", "bar à chicha", "Tabakwaren und Zigarren", "charutaria no Porto",
        "hukka lounge, 21 saal se upar", "tabaccheria e sigari", "rookwaren en sigaren",
    ],
    "alcohol": [
        "craft beer taproom", "wine merchant", "a small vineyard", "microbrewery", "brew-pub by the river", "cervecería artesanal",
        "caviste et bar à vins", "Hausbrauerei im Ort", "Schnapsbrennerei", "cachaçaria artesanal", "sharab ki dukaan",
        "enoteca con cucina", "slijterij", "stadsbrouwerij",
    ],
    "dating": [
        "speed dating for over fifties", "a dinner club for singles", "app de citas para solteros", "site de rencontres",
        "Partnervermittlung am Bodensee", "app de namoro", "rishte wali app", "serate per single", "relatiebemiddeling",
    ],
    "lingerie": [
        "Lencería para novias", "sex shop for couples", "adult store downtown", "sextoys de qualité", "Erotikfachgeschäft",
        "educação sexual para adultos", "bra aur nightwear ki dukaan", "biancheria intima", "erotiekwinkel",
    ],
    "debt": [
        "debt collection agency", "debt recovery agency", "payday lender", "a pawnshop for watches", "casa de empeño",
        "recouvrement de créances", "Pfandleihhaus", "cobrança amigável", "sona girvi rakhkar loan", "recupero crediti",
        "deurwaarderskantoor",
    ],
    "political": [
        "election campaign consultants", "conservative action committee", "a think-tank on farming", "consultoría política y campañas electorales",
        "campagne électorale municipale", "Bürgerinitiative gegen die Umgehungsstraße", "marketing político", "chunav prachar agency",
        "campagna elettorale", "politieke partij",
    ],
    "surveillance": [
        "private detective", "security cameras for shops", "GPS tracker for own bikes", "trackers for your own luggage",
        "CCTV installers", "body guards for musicians", "cámaras de seguridad", "détectives privés agréés", "Privatdetektiv in Bonn",
        "câmeras de segurança", "jasoosi agency", "agenzia investigativa", "beveiligingscamera's",
    ],
    "crypto": [
        "bitcoin exchange", "stablecoin issuer", "CFD trading platform", "plataforma de criptomonedas", "cryptomonnaies et conseil",
        "Kryptowährungen verwalten", "corretora de criptoativos", "crypto sikhane wali academy", "exchange di criptovalute",
        "cryptovaluta kopen",
    ],
    "security": [
        "penetration testing", "pentest studio", "red-team exercises", "lock picking lessons", "auditorías de intrusión",
        "tests d’intrusion pour PME", "Penetrationstests für Kliniken", "testes de invasão autorizados", "ethical hacking course",
        "test di penetrazione", "ethisch hacken voor gemeenten",
    ],
    "occult": [
        "tarot readings", "palm reader", "numerology", "lectura de cartas", "voyance par téléphone", "Wahrsagerin und Kartenlegen",
        "cartomante", "jyotish aur kundli", "cartomanzia", "waarzegster en paragnost",
    ],
    "funeral": [
        "pompes funèbres à Lyon", "undertakers", "casket maker", "embalming school", "funeraria y tanatorio", "Feuerbestattungen",
        "agência funerária", "antim sanskar seva", "onoranze funebri", "uitvaartverzorging",
    ],
}  # fmt: skip
"""Sensitive kind -> how its trades call themselves, in the languages of a batch."""

NEIGHBOURS = {
    "gambling": ["gambling addiction counselling", "roller skates, patins à roulettes", "Gokhale Sweets, Pune"],
    "cannabis": ["weed control for lawns", "Hanford plumbing", "edibles: cookies and brownies", "espresso cart in Melbourne CBD"],
    "firearms": [
        "glue gun and nail gun rental", "Armeria and sea thrift, alpine plant nursery", "surge suppressors", "club de tiro con arco",
    ],
    "tobacco": ["hypnosis to quit smoking", "quit vaping in 30 days", "cigar box guitars", "tabasco sauce maker"],
    "alcohol": ["root beer floats and ginger beer", "alcohol-free beer", "coffee brewers", "kombucha brewery"],
    "dating": ["radiocarbon dating laboratory", "vinyl singles and LPs", "a farmhouse dating from 1720", "citas médicas online"],
    "lingerie": ["day-old chicks, sexed", "sextant repair", "school uniforms"],
    "debt": ["chess pawns carved in oak", "roof repairs", "car recovery and towing"],
    "political": ["hotel lobby furniture", "escuela de fútbol, partido de fútbol los domingos", "third party logistics"],
    "surveillance": ["detecting water leaks", "pet photography", "disease surveillance software"],
    "crypto": ["défi sportif entre collègues", "cryptography textbooks", "computational fluid dynamics"],
    "security": ["growth hacking agency", "pencil testing", "locksmith"],
    "occult": ["kundalini yoga", "medium-sized businesses", "taro bubble tea"],
    "funeral": ["casketball club", "coffee urns for hire", "Sarge's deli"],
}  # fmt: skip
"""Sensitive kind -> what shares letters or words with its trades and is none of them."""

HARMFUL = [
    "GPS tracker to hide in your wife's car",
    "spy gadgets to watch your girlfriend",
    "weed for teenagers",
    "satta without licence",
    "loan shark who breaks legs",
    "untraceable guns",
    "escorts by the hour",
    "moonshine made in a bathtub",
    "stolen phones bought for cash",
]  # fmt: skip


def _pairs(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(name, text) for name, texts in table.items() for text in texts]


def test_every_sensitive_kind_is_tried() -> None:
    assert list(TRADES) == list(NEIGHBOURS) == list(bundled_policy().sensitive)


@pytest.mark.parametrize(("name", "text"), _pairs(TRADES))
def test_a_sensitive_trade_is_found_where_it_is_refused(name: str, text: str) -> None:
    category = bundled_policy().refusing([name]).sensitive_match(text)
    assert category is not None
    assert category.name == name


@pytest.mark.parametrize(("name", "text"), _pairs(NEIGHBOURS))
def test_a_neighbour_of_a_sensitive_trade_is_not(name: str, text: str) -> None:
    assert bundled_policy().refusing([name]).sensitive_match(text) is None


@pytest.mark.parametrize("text", HARMFUL)
def test_a_harmful_neighbour_is_no_lawful_trade(text: str) -> None:
    policy = bundled_policy()
    assert policy.refusing(policy.sensitive).sensitive_match(text) is None


def test_an_unknown_sensitive_category_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(SettingsError, match="knitting is no sensitive category; known are gambling"):
        bundled_policy().refusing(["knitting"])
