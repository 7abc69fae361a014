"""Which profile a run takes and what the environment replaces in it, and the sentences for what cannot work."""

from pathlib import Path

import pytest

import profiles
from profiles import ProfileError

PROFILES = Path(__file__).resolve().parents[2] / "resources" / "profiles"
KNOWN = ["quick", "ci", "dev", "full"]
LIMITS = {"RESPONSE_LIMIT": "1 s", "MINIMUM_RATE": "10 msg/s", "MEMORY_GROWTH": "100 MB", "DELIVERY_RATIO": 1}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "quick.yaml").write_text("SUSTAINED_RATE: 300\nPEAK_RATE: 600\n")
    return tmp_path


@pytest.mark.parametrize(
    ("option", "environment", "expected"),
    [
        (None, {}, "quick"),
        (None, {"CI": "true"}, "ci"),
        (None, {"CI": "false"}, "quick"),
        (None, {"CI": "true", "ENVIRONMENT": "dev"}, "dev"),
        ("full", {"CI": "true", "ENVIRONMENT": "dev"}, "full"),
        ("quick", {"CI": "true"}, "quick"),
    ],
)
def test_command_line_before_environment_before_ci_before_quick(option, environment, expected):
    assert profiles.choose(option, environment, KNOWN) == expected


def test_an_unknown_profile_is_a_sentence_with_the_nearest_and_the_list():
    with pytest.raises(ProfileError) as error:
        profiles.choose("quik", {}, KNOWN)
    assert str(error.value) == "There is no profile 'quik' (from --profile); did you mean quick? Profiles are: quick, ci, dev, full."


def test_an_unknown_profile_in_the_environment_names_the_variable():
    with pytest.raises(ProfileError) as error:
        profiles.choose(None, {"ENVIRONMENT": "production"}, KNOWN)
    assert str(error.value) == "There is no profile 'production' (from ENVIRONMENT). Profiles are: quick, ci, dev, full."


def test_a_misspelt_key_is_named_with_the_nearest(folder):
    (folder / "dev.yaml").write_text("SUSTAINED_RATE: 1\nPEEK_RATE: 2\n")
    with pytest.raises(ProfileError) as error:
        profiles.load(folder, "dev")
    assert str(error.value) == (
        f"{folder / 'dev.yaml'} has the unknown key PEEK_RATE; did you mean PEAK_RATE? Profiles have the keys of quick.yaml and no other."
    )


def test_a_missing_key_is_named(folder):
    (folder / "dev.yaml").write_text("SUSTAINED_RATE: 1\n")
    with pytest.raises(ProfileError, match=r"dev\.yaml lacks PEAK_RATE: every profile has all keys of quick\.yaml\. Add it\."):
        profiles.load(folder, "dev")


def test_a_key_in_lower_case_is_refused(folder):
    (folder / "quick.yaml").write_text("peak_rate: 1\n")
    with pytest.raises(ProfileError, match=r"the key peak_rate must be written in upper case, PEAK_RATE\."):
        profiles.load(folder, "quick")


@pytest.mark.parametrize(("text", "words"), [("a: [1", "is not valid YAML: "), ("- a\n", "must hold lines such as SUSTAINED_RATE: 300")])
def test_a_file_that_is_no_profile_is_refused(folder, text, words):
    (folder / "quick.yaml").write_text(text)
    with pytest.raises(ProfileError, match=words):
        profiles.load(folder, "quick")


def test_the_environment_replaces_one_limit_each():
    replaced = profiles.limits_from_environment(
        {
            "RAPID_TEST_MAX_LATENCY": "0.25", "RAPID_TEST_MIN_THROUGHPUT": "40", "RAPID_TEST_MAX_MEMORY_GROWTH": "1048576",
            "RAPID_TEST_MIN_DELIVERY_RATIO": "0.999", "HOME": "/root",
        },
        LIMITS,
    )
    assert replaced == {"RESPONSE_LIMIT": "0.25 s", "MINIMUM_RATE": "40", "MEMORY_GROWTH": "1048576 B", "DELIVERY_RATIO": "0.999"}


def test_an_empty_variable_replaces_nothing():
    assert profiles.limits_from_environment({"RAPID_TEST_MAX_LATENCY": ""}, LIMITS) == {}


@pytest.mark.parametrize("given", ["fast", "1s", "nan", "inf", "-1", "0"])
def test_a_limit_that_is_no_number_is_a_sentence(given):
    with pytest.raises(ProfileError) as error:
        profiles.limits_from_environment({"RAPID_TEST_MAX_LATENCY": given}, LIMITS)
    assert str(error.value) == f"RAPID_TEST_MAX_LATENCY is {given!r}: it must be a number above 0 (seconds). Correct or unset it."


def test_a_share_above_one_is_a_sentence():
    with pytest.raises(ProfileError, match=r"must be a number above 0 and at most 1 \(a share such as 0\.999\)"):
        profiles.limits_from_environment({"RAPID_TEST_MIN_DELIVERY_RATIO": "99.9"}, LIMITS)


def test_a_misspelt_limit_variable_is_not_silently_ignored():
    with pytest.raises(ProfileError, match="RAPID_TEST_MAX_LATENCI is no variable of the kit; did you mean RAPID_TEST_MAX_LATENCY"):
        profiles.limits_from_environment({"RAPID_TEST_MAX_LATENCI": "1"}, LIMITS)


def test_a_limit_that_the_profile_does_not_have_is_a_sentence():
    with pytest.raises(ProfileError, match="RAPID_TEST_MAX_LATENCY replaces RESPONSE_LIMIT, which the profile does not have"):
        profiles.limits_from_environment({"RAPID_TEST_MAX_LATENCY": "1"}, {})


def test_variables_keep_colons_and_the_last_of_a_name_wins():
    assert profiles.variables_from_command_line(["A:1", "URL:ws://x:1", "A:2"]) == {"A": "2", "URL": "ws://x:1"}


@pytest.mark.parametrize("given", ["A", ":1", "A=1"])
def test_a_variable_without_name_or_colon_is_a_sentence(given):
    with pytest.raises(ProfileError, match=r"has no colon: write NAME:VALUE"):
        profiles.variables_from_command_line([given])


@pytest.mark.parametrize("name", profiles.names(PROFILES))
def test_the_profiles_of_the_kit_have_the_same_keys(name):
    assert set(profiles.load(PROFILES, name)) >= set(LIMITS)


def test_the_default_profile_is_listed_first():
    assert profiles.names(PROFILES)[0] == "quick"
