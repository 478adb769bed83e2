"""What is to be expected of results that were chosen for being good.

What ships has shown a gain, some of it by luck, so that the sum of what ships promises too much: the winner's curse. Against it each
effect is drawn towards the mean of all effects, those that did not ship included, as far as their spread asks for (empirical Bayes:
Efron & Morris 1975). Effects are taken in their own standard errors, so that metrics of all kinds can be seen together
(van Zwet, Schwab & Senn 2021): z = δ + chance of variance 1, with δ normal around a mean. That holds whatever the choice was made by,
as long as what was not chosen is among them, and the true effects are roughly normal. Where few are large among many of nothing, too
little is expected rather than too much.
"""

from dataclasses import dataclass

import numpy as np

from python_stats.estimators.status import Floats

FEWEST = 5  # effects below which the assumptions would say more than the results
GRID = 200
SPREAD_OF_MEAN = 0.5  # how far from 0 the mean of δ is taken to be, before there are results: in standard errors


@dataclass(frozen=True)
class Shrunken:
    """True effects in their own standard errors, given all estimates: a mixture over how much of the spread is chance.

    Attributes:
        expected: of each effect, shape (effects,).
        kept, centre, mean_variance, chance: of each point of the mixture, shape (grid,), the centre (grid, effects): the share of an
            estimate that is kept, the effects expected at that share, the variance of their mean, and the probability of the point.
    """

    expected: Floats
    kept: Floats
    centre: Floats
    mean_variance: Floats
    chance: Floats

    def standard_error(self, weights: Floats) -> float:
        """Of Σ weight × δ, with weights of shape (effects,): what the effects have in common is in it."""
        own = float(np.sum(weights**2)) * self.kept + (float(np.sum(weights)) * (1 - self.kept)) ** 2 * self.mean_variance
        away = self.centre @ weights - float(self.expected @ weights)
        return float(np.sqrt(self.chance @ (own + away**2)))


def shrink(z: Floats) -> Shrunken:
    """Draw estimates towards their mean.

    Given the share B = τ² / (1 + τ²), with τ² the variance of δ, the estimates are normal around the mean m with the variance
    1 / (1 − B), and δ has the mean m + B (z − m) and the variance B. B is taken to lie anywhere from 0 to 1, all alike, before there are
    results (Daniels 1999, "A prior for the variance in hierarchical models"), m around 0 with `SPREAD_OF_MEAN`.

    Args:
        z: estimates ÷ standard errors, independent, good positive, shape (effects,).

    Raises:
        ValueError: for fewer than `FEWEST`, or where one is not finite.
    """
    if z.size < FEWEST or not np.all(np.isfinite(z)):
        raise ValueError(f"at least {FEWEST} finite estimates are needed: {z}")
    chance_share = (np.arange(GRID) + 0.5) / GRID
    prior, of_mean = SPREAD_OF_MEAN**2, 1 / (z.size * chance_share)
    squares = float(np.sum((z - z.mean()) ** 2))
    likelihood = 0.5 * ((z.size - 1) * np.log(chance_share) - squares * chance_share)
    likelihood -= 0.5 * (np.log(prior + of_mean) + z.mean() ** 2 / (prior + of_mean))
    chance = np.exp(likelihood - likelihood.max())
    chance /= chance.sum()
    mean = z.mean() * prior / (prior + of_mean)
    centre = mean[:, None] + (1 - chance_share)[:, None] * (z[None, :] - mean[:, None])
    return Shrunken(chance @ centre, 1 - chance_share, centre, prior * of_mean / (prior + of_mean), chance)
