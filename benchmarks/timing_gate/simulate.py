"""How often ``decide`` errs and how many pairs it takes, on noise made up and noise recorded.

    python benchmarks/timing_gate/simulate.py [--same 40000] [--slowed 1000] [--only two]

``--same`` A/A comparisons are shared out over the kinds of noise; ``--slowed`` are made of each kind and slow-down. The
other columns are a rule of one fixed level per look (0.5 %) on the same pairs, with looks up to 30 pairs and with all
looks of ``decide``: what of the difference is due to more pairs alone stands between the two. The levels and gaps of
``decide`` were chosen on seed 1 of these very noises; ``simulated.txt`` is seed 2.
``pairs.json`` holds log ratios of A/A pairs recorded on a virtual machine with two cores on which other work ran all
the time: 120 pairs of fresh processes, 20 slices a side, by wall-clock time and by the CPU time of the thread.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from pytest_memguard.stats import LOOKS, DuetOutcome, decide  # noqa: E402
from pytest_memguard.stats.trimmed import summarize_trimmed  # noqa: E402
from pytest_memguard.timing.slices import pair_ratio  # noqa: E402

MOST = LOOKS[-1] + 5
PERCENTS = (0, 3, 5, 10)
RED, OPEN = DuetOutcome.REGRESSED, DuetOutcome.INCONCLUSIVE


def bell(sd):
    return lambda draw: [draw.gauss(0, sd) for _ in range(MOST)]


def long_tails(scale):  # Student's t with three degrees of freedom
    return lambda draw: [
        scale * draw.gauss(0, 1) / math.sqrt(draw.gammavariate(1.5, 2 / 3)) for _ in range(MOST)
    ]


def interrupted(sd, share, size):  # some pairs meet a neighbor on one of their sides
    def pairs(draw):
        wild = (
            draw.choice((-1, 1)) * draw.expovariate(1 / size) if draw.random() < share else 0
            for _ in range(MOST)
        )
        return [pair + draw.gauss(0, sd) for pair in wild]

    return pairs


def drifting(sd, drift, memory):  # neighboring pairs resemble each other
    def pairs(draw):
        state, values = draw.gauss(0, drift), []
        for _ in range(MOST):
            state = memory * state + math.sqrt(1 - memory**2) * draw.gauss(0, drift)
            values.append(state + draw.gauss(0, sd))
        return values

    return pairs


def two_speeds(distance, share, sd):  # every process draws one of two modes
    def pair(draw):
        return distance * ((draw.random() < share) - (draw.random() < share)) + draw.gauss(0, sd)

    return lambda draw: [pair(draw) for _ in range(MOST)]


def sliced(
    distance, stay, sd, memory, pool_size=3000
):  # slices resemble the ones before and change modes at times
    def side(draw, common):
        slow, state, seconds = draw.random() < 0.5, 0.0, []
        for shared in common:
            slow = slow if draw.random() < stay else draw.random() < 0.5
            state = memory * state + draw.gauss(0, sd)
            seconds.append(math.exp(shared + distance * slow + state))
        return seconds

    def pair(draw):
        common = [draw.gauss(0, 0.05) for _ in range(20)]
        return pair_ratio(side(draw, common), side(draw, common))

    pool = [pair(random.Random(seed)) for seed in range(pool_size)]
    return lambda draw: draw.choices(pool, k=MOST)


def recorded(ratios):  # the sides are alike, so either sign is as good
    return lambda draw: [draw.choice((-1, 1)) * ratio for ratio in draw.choices(ratios, k=MOST)]


def kinds(only):
    made = {
        "bell, SD 0.5 %": lambda: bell(0.005),
        "bell, SD 1 %": lambda: bell(0.01),
        "bell, SD 1.7 %": lambda: bell(0.017),
        "long tails, 1 %": lambda: long_tails(0.01),
        "long tails, 1.7 %": lambda: long_tails(0.017),
        "1 %, a tenth off by 20 %": lambda: interrupted(0.01, 0.1, 0.2),
        "1 %, drift of 0.5 %": lambda: drifting(0.01, 0.005, 0.8),
        "two speeds 8 %, half slow": lambda: two_speeds(0.08, 0.5, 0.01),
        "two speeds 8 %, quarter slow": lambda: two_speeds(0.08, 0.25, 0.01),
        "two speeds 20 %, half slow": lambda: two_speeds(0.2, 0.5, 0.01),
        "two speeds 4 %, half slow": lambda: two_speeds(0.04, 0.5, 0.01),
        "two speeds 6 %, blurred": lambda: two_speeds(0.06, 0.4, 0.012),
        "slices, one mode": lambda: sliced(0, 0.9, 0.02, 0.6),
        "slices, modes 30 % apart": lambda: sliced(0.3, 0.8, 0.02, 0.5),
        "slices, lasting modes 8 %": lambda: sliced(0.08, 0.97, 0.01, 0.5),
    }
    for name, ratios in json.loads((HERE / "pairs.json").read_text()).items():
        made[f"recorded: {name}"] = lambda ratios=ratios: recorded(ratios)
    return {name: make() for name, make in made.items() if only in name}


def fixed_level(pairs, *, threshold=0.05, alpha=0.005, looks=LOOKS[:7]):
    """The rule to beat: the same limits at the same level at every look. Returns the outcome and the pairs used."""
    slow, half = math.log1p(threshold), math.log1p(threshold) / 2
    for look in looks:
        interval = summarize_trimmed(pairs[:look]).interval(lower_alpha=alpha, upper_alpha=alpha)
        if interval.lower > half:
            if median(pairs[look : look + 5]) > half:
                return RED, look + 5
        elif interval.upper < slow:
            return DuetOutcome.PASS, look
    return OPEN, looks[-1]


def spent_levels(pairs):
    decision = decide(pairs)
    return decision.outcome, decision.pairs_used


def fixed_level_longer(pairs):
    return fixed_level(pairs, looks=LOOKS)


RULES = {"spent": spent_levels, "one level, 30": fixed_level, f"one level, {LOOKS[-1]}": fixed_level_longer}


def trial(noise, percent, count, seed):
    """``{rule: (Counter of outcomes, mean pairs)}`` over the same pairs."""
    draw, shift = random.Random(seed), math.log1p(percent / 100)
    samples = [[pair + shift for pair in noise(draw)] for _ in range(count)]
    results = {}
    for name, rule in RULES.items():
        judged = [rule(pairs) for pairs in samples]
        results[name] = Counter(outcome for outcome, _ in judged), sum(used for _, used in judged) / count
    return results


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--same", type=int, default=40_000)
    parser.add_argument("--slowed", type=int, default=1000)
    parser.add_argument("--only", default="", help="part of the name of a noise")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    noises = kinds(options.only)
    false = Counter()
    same = max(1, options.same // len(noises))
    columns = "".join(f"  {rule:>13s}: red % open %  pairs" for rule in RULES)
    print(f"{'noise, slow-down':47s}{columns}")
    for name, noise in noises.items():
        for percent in PERCENTS:
            count = options.slowed if percent else same
            line = f"{name:41s}{percent:+4d} %"
            for rule, (outcomes, pairs) in trial(noise, percent, count, options.seed).items():
                line += (
                    f"  {100 * outcomes[RED] / count:20.2f} {100 * outcomes[OPEN] / count:6.2f} {pairs:6.1f}"
                )
                false[rule] += 0 if percent else outcomes[RED]
            print(line.rstrip(), flush=True)
    total = same * len(noises)
    counts = ", ".join(f"{rule}: {false[rule]}" for rule in RULES)
    print(f"\nfalse REGRESSED in {total} A/A comparisons: {counts}")


if __name__ == "__main__":
    main()
