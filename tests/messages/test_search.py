from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from compliance.store import Database, search
from compliance.store.search import is_common, matching, terms
from compliance.store.tables import message
from support.examples import examples
from support.texts import found, keep

# Search works in a database that fills up while examples are tried.
on_databases = settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF) | st.sampled_from("〇㐀𠀀𪚥𱁬")
WORD = st.from_regex(r"[A-Za-z0-9]{1,50}", fullmatch=True)
TEXT = st.lists(st.text(HAN, min_size=1, max_size=12) | WORD | st.sampled_from(["，", "。", " ", "\n", "-", "/"])).map(
    "".join
)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("垃圾分类站点的照片", "垃圾"),
        ("垃圾分类站点的照片", "圾分类站"),
        ("垃圾分类站点的照片", "照片"),
        ("垃圾分类站点的照片", "站"),
        ("垃圾分类站点的照片", "片"),
        ("垃圾分类站点的照片", "照片 垃圾"),
        ("第3期，共12页", "第3"),
        ("第3期，共12页", "期，共12"),
        ("句子被\n断开了", "被断开"),
        ("两 江 交 汇", "两江交汇"),
        ("零\u200b宽", "零宽"),
        ("全角ＡＢＣ１２", "abc12"),
        ("Two rivers meet below the old town.", "RIVERS meet"),
        ("Two rivers meet below the old town.", "town two"),
        ("Two rivers meet below the old town.", "the"),
        ("see https://www.ichongqing.info/articles/42?x=1", "ichongqing.info"),
        ("see https://www.ichongqing.info/articles/42?x=1", "https://www.ichongqing.info/articles/42"),
        ("CQ-20261124-7K3M9Q-4", "cq-20261124-7k3m9q-4"),
        ("CQ-20261124-7K3M9Q-4", "7K3M9Q"),
        ("Ситуация и кафе", "кафе"),
        ("café Zürich", "zürich"),
        ("a", "a"),
        ("x" * 300, "x" * 300),
        ("长" * 500 + "短", "长" * 400),
    ],
)
def test_text_is_found(text: str, query: str, database: Database):
    (kept,) = keep(database, text)
    keep(database, "另一件事", "something else")
    assert kept in found(database, query)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("垃圾分类", "分垃"),
        ("垃圾，分类", "垃圾分类"),
        ("垃圾桶，圾分", "垃圾分"),
        ("rivers", "river"),
        ("rivers meet", "meet-rivers"),
        ("垃圾分类", "垃圾 照片"),
        ("anything at all", ""),
        ("anything at all", "  "),
        ("anything !!", "!!"),
        ("100 %", "%"),
    ],
)
def test_text_is_not_found(text: str, query: str, database: Database):
    keep(database, text)
    assert found(database, query) == set()


@pytest.mark.parametrize("query", ["地铁", "地铁 出口", "地", "subway", "出口subway", "，", ""])
def test_common_query_finds_the_same_without_the_index(
    query: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_COMMON", 3)
    keep(database, "地铁出口Subway", "出口Subway地铁", "地铁 outside", "nothing")
    condition = matching(database.dialect, query, common=True)
    with database.reading() as connection:
        common = set(connection.scalars(select(message.c.id).where(condition)))
        assert common == found(database, query)
        assert is_common(connection, query) == (len(common) >= 3 and database.dialect != "postgresql")


@on_databases
@given(data=st.data(), text=TEXT)
def test_text_is_found_by_any_part_of_its_chinese_and_by_any_of_its_words(
    data: st.DataObject, text: str, database: Database
):
    (kept,) = keep(database, text)
    words = [word for word in "".join(c if c.isascii() and c.isalnum() else " " for c in text).split() if word]
    runs = [run for run in "".join(" " if c.isascii() or c in "，。" else c for c in text).split() if len(run) > 1]
    if words:
        assert kept in found(database, data.draw(st.sampled_from(words)))
    if runs:
        run = data.draw(st.sampled_from(runs))
        start = data.draw(st.integers(0, len(run) - 2))
        end = data.draw(st.integers(start + 2, len(run)))
        assert kept in found(database, run[start:end])


@on_databases
@given(
    query=st.text(max_size=60)
    | st.text("+-*\"'()<>~@%_:&|!\\^{}[];,. AND OR NOT NEAR a垃圾\x00", max_size=60)
    | st.sampled_from(["' OR 1=1 --", '"', "a* OR b", "NEAR(a b)", "圾' ; DROP TABLE compliance_message", "search:a"])
)
def test_nothing_in_a_query_has_a_meaning_to_the_database(query: str, database: Database):
    keep(database, "安静 quiet")
    found(database, query)
    assert found(database, "安静")


@given(text=st.text())
def test_terms_are_small_letters_and_digits(text: str):
    assert all(term.isascii() and term.isalnum() and term == term.lower() for term in terms(text).split(" ") if term)
    assert terms(text) == terms(text).strip()


def test_very_long_query_is_bounded(database: Database):
    (kept,) = keep(database, " ".join(f"word{number}" for number in range(500)))
    assert kept in found(database, " ".join(f"word{number}" for number in range(400)))
    assert kept in found(database, "-".join(f"word{number}" for number in range(400)))


def test_changed_text_is_found_by_its_new_words_alone(database: Database):
    (kept,) = keep(database, "旧的文字")
    database.write(lambda connection: connection.execute(message.update().values(search=terms("新的内容"))))
    assert (found(database, "旧的"), found(database, "内容")) == (set(), {kept})


def test_deleted_text_is_not_found(database: Database):
    gone, kept = keep(database, "旧的文字", "旧的文字")
    database.write(lambda connection: connection.execute(message.delete().where(message.c.id == gone)))
    assert found(database, "旧的文字") == {kept}
