from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.provision import recipe
from toolkit.provision.recipe import Recipe

OLD = Recipe(base="debian:bookworm-slim", apt=("git", "npm"), certificates=("aa",), steps="1", runner="1")

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@"), min_size=1)


@given(
    st.builds(
        Recipe, base=words, apt=st.lists(words).map(tuple), pip=st.lists(words).map(tuple), runner=words, steps=words
    )
)
def test_a_recipe_is_read_as_it_was_written(one: Recipe) -> None:
    assert "\n" not in str(one)
    assert recipe.read(str(one)) == one
    assert recipe.differences(one, one) == ()


def test_differences_are_told_in_the_declaration_s_words() -> None:
    new = Recipe(
        base="debian:trixie-slim", apt=("git", "nodejs"), pip=("six",), certificates=("aa",), steps="2", runner="2"
    )
    assert recipe.differences(OLD, new) == (
        "image.base: debian:bookworm-slim → debian:trixie-slim",
        "packages.apt: + nodejs",
        "packages.apt: - npm",
        "packages.pip: + six",
        "toolkit builds images in other steps",
        "toolkit has another session runner",
    )


def test_names_and_passwords_in_addresses_are_left_out() -> None:
    secret = Recipe(base="a", pip=("six @ https://me:secret@example.com/six.whl",))
    assert "secret" not in str(secret)
    assert recipe.differences(recipe.read(str(secret)) or OLD, secret) == ()


def test_what_another_version_wrote_is_no_recipe() -> None:
    for text in ("", "{}", "[]", "nonsense", '{"base":"a","flavour":"new"}', "null"):
        assert recipe.read(text) is None
