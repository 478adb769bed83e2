"""Keyed hashes: what the engines compute is what Python computes, and the key is long enough or refused."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

from python_stats.errors import UserError
from python_stats.privacy import keys

KEY = "0123456789abcdef" * 2


def test_the_hash_is_two_passes_of_sha256_over_the_key() -> None:
    connection_key = keys.connection_keys({keys.PSEUDONYM_KEY: KEY})["pseudonym"]
    with duckdb.connect() as connection:
        connection.execute("set variable k = ?", [connection_key])
        found = connection.execute("select substr(sha256(getvariable('k') || sha256(getvariable('k') || 'Zoë ''7''')), 1, 32)").fetchone()
    assert found == (keys.keyed_hash(connection_key, "Zoë '7'"),)
    assert connection_key == hashlib.sha256(f"pseudonym:{KEY}".encode()).hexdigest()


def test_each_purpose_has_a_key_of_its_own() -> None:
    one = keys.connection_keys({keys.PSEUDONYM_KEY: KEY})
    assert len({one["pseudonym"], one["forget"], KEY}) == 3
    rotated = keys.connection_keys({keys.PSEUDONYM_KEY: KEY[::-1], keys.FORGET_KEY: KEY})
    assert rotated["forget"] == one["forget"]  # who was forgotten stays forgotten when pseudonyms get a new key
    assert rotated["pseudonym"] != one["pseudonym"]
    assert keys.connection_keys({}) == {}


def test_a_short_key_is_refused_without_being_shown() -> None:
    with pytest.raises(UserError, match="EMPATHY_ROI_FORGET_KEY: the key has 31 characters; take 32 or more") as caught:
        keys.connection_keys({keys.FORGET_KEY: KEY[1:]})
    assert KEY[1:] not in str(caught.value)


def test_postgres_gets_the_keys_as_options_of_the_connection() -> None:
    options = keys.libpq_options({keys.FORGET_KEY: KEY, "PGOPTIONS": "-c jit=off"})["PGOPTIONS"]
    assert options == f"-c jit=off -c empathy_roi.forget_key={keys.connection_keys({keys.FORGET_KEY: KEY})['forget']}"
    assert keys.libpq_options({"PGOPTIONS": "-c jit=off"}) == {}
