"""The Russian of the catalogue is the field's (docs/glossary.md): words that were wrong once do not come back."""

import re
from pathlib import Path

import pytest

from process.language import speaker
from tests.process.test_language import catalogue

ROOT = Path(__file__).parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
RIGHT = {
    "intact": "в неприкосновенном виде",
    "removed": "с извлечением",
    "Taken out": "Извлечено из отправления",
    "Consignment interdicted": "Поставка пресечена, груз изъят",
    "Anyone who takes part may stop, at any moment (R8). Nothing advances after it, and everybody is told.": (
        "дальнейшие действия не производятся"
    ),
    "Loss recorded": "Утрата зафиксирована",
    "Authorisation granted": "Согласие на проведение дано",
    "Authorisation extended": "Согласие на проведение продлено",
    "Reference of the act": "Номер и дата решения",
    "Arrested persons released": "Задержанные освобождены",
    "Extraditable": "Экстрадиционное преступление",
    "Amount, in minor units": "в минимальных денежных единицах",
    "Granted by (office, never a name)": "без указания фамилии",
    "One code on each line, never a name": "без указания фамилии",
    "Key id": "Отпечаток ключа",
    "No worker is up. It takes effect before anything else when one is. Say it by telephone too.": "Служба обработки недоступна",
    "The gateway answered with something else than was asked for. Nothing was signed.": "Сервер вернул не запрошенный ответ",
    "No pending answers visible to you": "По доступным вам данным ответов не ждут",
    "That did not work": "Действие не выполнено",
    "early: kept until its time": "преждевременно: сохранено до открытия этапа",
    "%(count)s officers sign the same": "требуются подписи сотрудников: %(count)s",
    "These pages need JavaScript: your key stays in this browser, and signs here.": "Для работы страниц требуется JavaScript",
    "Because": "Причина",
}
WRONG = {
    r"\b(без|с) изъяти": "what is taken out of a consignment is извлечено; изъятие is a seizure",
    r"изъят\w* из отправления": "what is taken out of a consignment is извлечено",
    r"(?<!отдельное )разрешени\w* государства|разрешени\w* на (эту )?поставку": "a State gives согласие на проведение",
    r"продвига": "after a stop дальнейшие действия не производятся",
    r"\bотпу(щен|стить)": "who was arrested is освобождён",
    r"\bшлюз": "people know a сервер",
    r"\bобработчик": "it is the служба обработки",
    r"\bустановк": "what is installed is a система",
    r"номер\w* ключа": "a key has an отпечаток",
    r"без им[её]н": "an office stands there без указания фамилии",
    r"\bрано\b|\bраннее заявление": "what comes before its time is преждевременно",
    r"мельчайш": "money is counted in минимальных единицах",
    r"влеч[её]т выдачу": "it is an экстрадиционное преступление",
    r"контрольн\w+ поставк|\bснабжени": "it is a контролируемая поставка",
    r"контрольн\w+ закуп": "a test purchase is another measure",
    r"\bКРПП\b": "the Committee is КГПП",
}
REMOVALS = (
    "removed",
    "Taken out",
    "taken out",
    "taken out: {what}",
    "taken out at the preparation",
    "3. Taken out, sampled, put in",
    "Prepared by {service} as: {modality}; kept: {kept}; removed: {removed}; samples: {samples}.",
)
SEIZURES = ("Consignment interdicted", "Seized and weighed again", "interdiction", "seizure", "that it has been seized")


@pytest.mark.parametrize("text", RIGHT)
def test_a_text_has_the_words_of_the_field(text: str) -> None:
    """As those who do it say it."""
    assert RIGHT[text] in speaker("ru")(text)


@pytest.mark.parametrize("wrong", WRONG)
def test_no_translation_has_a_wrong_word(wrong: str) -> None:
    """In no text of the catalogue, whatever is added to it."""
    found = [str(one.string) for one in catalogue("ru", "po") if re.search(wrong, str(one.string), re.IGNORECASE)]

    assert [] == found, WRONG[wrong]


def test_what_is_taken_out_and_what_is_seized_have_two_words() -> None:
    """Извлечение leaves the rest to travel on; изъятие ends it."""
    speak = speaker("ru")

    assert all("извлеч" in speak(text).lower() for text in REMOVALS)
    assert not any("изъят" in speak(text).lower() for text in REMOVALS)
    assert all("изъят" in speak(text).lower() for text in SEIZURES)
    assert not any("извлеч" in speak(text).lower() for text in SEIZURES)


def test_the_glossary_tells_the_three_seizures_apart() -> None:
    """Извлечение, изъятие and выемка, each with its own row."""
    rows = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?)(?: \(t\))? \|", GLOSSARY, re.MULTILINE))

    assert ("извлечение", "изъятие", "выемка") == (rows["removal"], rows["seizure"], rows["production seizure"])


def test_the_committee_of_the_customs_services_is_called_by_its_name() -> None:
    """КГПП, in every document and example."""
    pages = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.yaml"), *(ROOT / "examples").rglob("*.md")]

    assert [] == [page.name for page in pages if re.search("КРПП|KRPP", page.read_text(encoding="utf-8"))]
    assert "КГПП" in GLOSSARY
