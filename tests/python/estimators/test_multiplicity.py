from __future__ import annotations

import numpy as np
import pytest

from python_stats.estimators.multiplicity import adjust, benjamini_hochberg, holm


def test_unknown_p_values_do_not_count() -> None:
    for method in (holm, benjamini_hochberg):
        found = method(np.array([0.01, np.nan, 0.02]))
        assert found[[0, 2]] == pytest.approx([0.02, 0.02]) and np.isnan(found[1])


def test_empty_and_none() -> None:
    assert holm(np.array([])).size == 0
    assert adjust(np.array([0.3]), "none").tolist() == [0.3]
    with pytest.raises(ValueError, match="bonferoni"):
        adjust(np.array([0.3]), "bonferoni")
