from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memguard.kernels.names import source_name

IDENTIFIERS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True).filter(
    lambda name: not name.startswith("_GLOBAL__N_")
)


@pytest.mark.parametrize(
    ("mangled", "name"),
    [
        ("scale", "scale"),
        ("_Z5scalePfi", "scale"),
        ("_ZN2md8reversedIfLi256EEEvPT_", "md::reversed<float, 256>"),
        ("_ZN2md8reversedIdLi64EEEvPT_", "md::reversed<double, 64>"),
        ("_Z4axpyIjLin2ELb1EEvPT_", "axpy<unsigned int, -2, true>"),
        ("_Z4axpyIPKfyEvT_T0_", "axpy<const float*, unsigned long long>"),
        ("_Z4axpyI4PairEvPT_", "axpy<Pair>"),
        ("_ZN12_GLOBAL__N_11kEPf", "(anonymous namespace)::k"),
        ("_Z1kIN2md4PairEEvT_", "_Z1kIN2md4PairEEvT_"),  # what is not known stays as it is
        ("_Z", "_Z"),
        ("_ZN2md", "_ZN2md"),
    ],
)
def test_names_are_those_of_the_source(mangled, name):
    assert source_name(mangled) == name


@given(st.lists(IDENTIFIERS, min_size=1, max_size=4))
def test_names_in_namespaces(names):
    parts = "".join(f"{len(name)}{name}" for name in names)
    mangled = f"_Z{parts}v" if len(names) == 1 else f"_ZN{parts}Ev"
    assert source_name(mangled) == "::".join(names)


@given(st.text(alphabet="_ZNIELPKabdfijn0123456789", max_size=30))
def test_nothing_is_too_strange(text):
    assert source_name(f"_Z{text}")
