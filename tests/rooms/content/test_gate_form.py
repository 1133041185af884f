"""What a card asks before a gate, whatever shape its metadata has."""

import pytest

from strata.content.card import gate_form
from strata.content.card.front_matter import read_card
from strata.content.card.gate_form import Field, GateForm, form_of
from strata.core.errors import InvalidFields
from strata.core.names import RepoType
from strata.web.pages.docs import GATED_CARD

AS_MAP = """---
extra_gated_heading: Heading
extra_gated_description: Description
extra_gated_prompt: "**Prompt**"
extra_gated_button_content: Button
extra_gated_fields:
  Company: text
  Country: country
  Born: date_picker
  I agree: checkbox
  Use: {type: select, options: [Research, {label: Something else, value: other}]}
  Note: {type: text, optional: true}
  Odd: no_such_type
---
"""
AS_LIST = """---
extra_gated_fields:
- Company: text
- I agree: checkbox
---
"""
GIVEN = {
    "Company": " Acme ", "Country": "de", "Born": "2001-02-03", "I agree": True,
    "Use": "other", "Odd": "x",
}  # fmt: skip


def form(text: str) -> GateForm:
    return form_of(read_card(text, RepoType.MODEL))


def test_a_map_and_a_list_of_maps_ask_the_same_way() -> None:
    asked = form(AS_MAP)
    assert (asked.heading, asked.description) == ("Heading", "Description")
    assert (asked.prompt, asked.button) == ("**Prompt**", "Button")
    kinds = ["text", "country", "date_picker", "checkbox", "select", "text", "text"]
    assert [field.kind for field in asked.fields] == kinds
    assert asked.fields[4].options == (("Research", "Research"), ("other", "Something else"))
    assert [field.optional for field in asked.fields] == [False] * 5 + [True, False]
    listed = form(AS_LIST).fields
    assert listed == (
        Field("gate-0", "Company", "text"),
        Field("gate-1", "I agree", "checkbox"),
    )


def test_answers_are_kept_under_the_names_of_the_card() -> None:
    checked = form(AS_MAP).checked(GIVEN)
    assert checked == {**GIVEN, "Company": "Acme", "Country": "DE"}
    by_control = {"gate-0": "Acme", "gate-1": "on"}
    assert form(AS_LIST).checked(by_control) == {"Company": "Acme", "I agree": True}


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"Company": ""}, gate_form.REQUIRED),
        ({"Company": None}, gate_form.REQUIRED),
        ({"Company": "x" * 1001}, gate_form.TOO_LONG),
        ({"Country": "ZZ"}, gate_form.NO_CHOICE),
        ({"Country": "Germany"}, gate_form.NO_CHOICE),
        ({"Born": "03.02.2001"}, gate_form.NO_DATE),
        ({"Born": "20010203"}, gate_form.NO_DATE),
        ({"Born": "2001-02-30"}, gate_form.NO_DATE),
        ({"I agree": "off"}, gate_form.NOT_AGREED),
        ({"I agree": None}, gate_form.NOT_AGREED),
        ({"Use": "Something else"}, gate_form.NO_CHOICE),
    ],
)
def test_an_answer_that_does_not_fit_is_named(wrong: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        form(AS_MAP).checked({**GIVEN, **wrong})
    assert refused.value.fields == {next(iter(wrong)): (fault,)}


@pytest.mark.parametrize(
    "fields",
    [
        "just words", "7", "[1, two, null]", "{}", "[]", "[[a]]", "{'': text}", "null",
        "{Use: {type: select}}", "{Use: {type: select, options: none}}", "{Use: [text]}",
        "{Use: {type: {deep: [1]}, optional: 'true'}}", f"{{{'x' * 301}: text}}",
    ],
)  # fmt: skip
def test_odd_metadata_asks_odd_questions_at_most(fields: str) -> None:
    asked = form(f"---\nextra_gated_fields: {fields}\nextra_gated_prompt: [1]\n---\n")
    assert all(field.kind == "text" and not field.optional for field in asked.fields)
    assert len(asked.fields) <= 1


def test_a_card_asks_forty_questions_at_most() -> None:
    many = "\n".join(f"- Question {number}: text" for number in range(100))
    assert len(form(f"---\nextra_gated_fields:\n{many}\n---\n").fields) == 40


def test_the_example_of_the_docs_is_a_form() -> None:
    kinds = ["text", "country", "select", "date_picker", "checkbox"]
    assert [field.kind for field in form(GATED_CARD).fields] == kinds
    assert read_card(GATED_CARD, RepoType.MODEL).errors == ()
