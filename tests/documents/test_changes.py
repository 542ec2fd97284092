from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compliance.documents.changes import Passage, Section, compare, pieces
from compliance.documents.markup import shape

KEPT = "## Kept\n\nThis part stays as it is.\n\n"


def sections(old: str, new: str) -> tuple[Section, ...]:
    htmls = (shape(text, language="en", site="https://x.example", prefix="/c", names=())[0] for text in (old, new))
    return compare(*htmls)


def changed(old: str, new: str) -> list[str]:
    """What is shown of the passages that differ: removed words in brackets, added ones in braces."""
    runs = [run for section in sections(old, new) for run in section.runs]
    return [marked(passage) for run in runs for passage in run if passage.kind != "same"]


def marked(passage: Passage) -> str:
    frames = {"same": "{}", "removed": "[{}]", "added": "{{{}}}"}
    return "".join(frames[piece.kind].format(piece.text) for piece in passage.pieces)


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("We keep logs for six months.", "We keep logs for twelve months.", "We keep logs for [six]{twelve} months."),
        (
            "日志保存六个月以上，期满删除。",
            "日志保存十二个月以上，期满删除。",
            "日志保存[六]{十二}个月以上，期满删除。",
        ),
        ("第一句不变。第二句删去。", "第一句不变。", "第一句不变。[第二句删去。]"),
        ("One stays. Two goes.", "One stays. Two goes. Three comes.", "One stays. Two goes.{ Three comes.}"),
        ("Version 1.5 is here.", "Version 1.6 is here.", "Version 1.[5]{6} is here."),
        ("我们不出售个人信息。", "我们不出售、不出租个人信息。", "我们不出售{、不出租}个人信息。"),
    ],
)
def test_change_is_shown_by_words_and_chinese_characters(old: str, new: str, shown: str) -> None:
    assert changed(old, new) == [shown]


def test_what_stays_by_chance_between_two_changes_is_not_torn_apart() -> None:
    old, new = "我们将您的数据提供给合作方。", "我们把你们的信息交给合作方。"
    assert changed(old, new) == ["我们[将您的数据提供]{把你们的信息交}给合作方。"]


def test_sentence_with_little_in_common_is_replaced_as_a_whole() -> None:
    old, new = "首句不变。我们可能向他人提供。末句也不变。", "首句不变。请阅读下面的新表格！末句也不变。"
    assert changed(old, new) == ["首句不变。[我们可能向他人提供。]{请阅读下面的新表格！}末句也不变。"]


def test_paragraphs_come_and_go() -> None:
    assert changed("One.\n\nTwo things are here.", "One.\n\nSomething else entirely!") == [
        *("[Two things are here.]", "{Something else entirely!}"),
    ]


def test_only_sections_that_changed_are_listed_with_what_stayed_in_them() -> None:
    old = KEPT + "## Logs\n\nSame.\n\nKept six months.\n\n## Rights\n\nAll of them."
    found = sections(old, old.replace("six", "nine"))
    assert [marked(section.heading) for section in found if section.heading] == ["Logs"]
    assert [[passage.kind for passage in run] for run in found[0].runs] == [["same"], ["changed"]]


def test_heading_that_changed_makes_its_section_change() -> None:
    (section,) = sections(KEPT + "## Your rights\n\nAll.", KEPT + "## Your rights and duties\n\nAll.")
    assert section.heading and marked(section.heading) == "Your rights{ and duties}"


def test_heading_never_counts_as_the_paragraph_that_it_was() -> None:
    assert [section.heading.kind for section in sections("The rights", "## The rights") if section.heading] == ["added"]
    assert changed("The rights", "## The rights") == ["[The rights]"]


def test_rows_and_items_are_passages_of_their_own() -> None:
    table = "| Name | Purpose |\n|---|---|\n| a | Counts visits. |\n| b | Keeps a form. |\n\n- one\n  - two\n- three\n"
    new = table.replace("Counts visits", "Counts all visits").replace("two", "two thirds")
    assert changed(table, new) == ["a | Counts {all }visits.", "two{ thirds}"]


def test_other_address_under_the_same_words_is_a_change() -> None:
    (shown,) = changed("See [this page](https://a.example/).", "See [this page](https://b.example/).")
    assert shown == "See this page (https://[a]{b}.example/)."


@pytest.mark.parametrize("new", ["**Same** words.", "Same\nwords.", "[Same](#x) words.\n\n## X"])
def test_how_words_are_set_is_no_change(new: str) -> None:
    old = "Same words." + ("\n\n## X" if "#" in new else "")
    assert sections(old, new) == ()


@pytest.mark.slow
def test_text_written_anew_is_compared_in_little_time() -> None:
    old, new = ("\n\n".join(f"{word} {number}." for number in range(3000)) for word in ("Paragraph", "Article"))
    assert len(changed(old, new)) == 6000


WORDS = st.lists(
    st.sampled_from(
        ["我们", "不", "提供", "信息", "。", "，", "one ", "two", ". ", "1.5", " ", "!", "\n", "é", "e\u0301"]
    ),
    max_size=30,
).map("".join)


@given(old=WORDS, new=WORDS)
@example(old="", new="")
@example(old="a. b. a. b. ", new="b. a. b. a. ")
def test_pieces_give_both_texts_again(old: str, new: str) -> None:
    found = list(pieces(old, new))
    assert "".join(piece.text for piece in found if piece.kind != "added") == old
    assert "".join(piece.text for piece in found if piece.kind != "removed") == new
    assert all(piece.text for piece in found)
    assert all(one.kind != other.kind for one, other in zip(found, found[1:], strict=False))
    assert ("removed", "added") not in {(b.kind, a.kind) for a, b in zip(found, found[1:], strict=False)}
