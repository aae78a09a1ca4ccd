"""How well intents are read, by language: macro F1 of the core, of the encoder where it is installed, and of trivial baselines.

`--data DIR` names a folder of LANGUAGE.tsv files (intent, tab, text); without it the sentences of the development half are used,
which the rules were made with: the figure says how well they fit, and not how they generalise.
"""

import random
import sys
import time
from collections import Counter
from pathlib import Path

from sklearn.metrics import f1_score

from sales_consultant.scoring.text import INTENTS, LANGUAGES, encoder_installed, open_encoder, read

ROOT = Path(__file__).parents[1]
SETS = ROOT / "tests" / "scoring" / "text" / "data"
DEVELOPMENT = SETS / "dev"
SEED, DRAWS, LEAST_TEXTS = 20260101, 50, 4000


def rows(path: Path) -> list[tuple[str, str]]:
    """Label and text of each line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [(label, text) for label, _, text in (line.partition("\t") for line in lines if line.strip())]


def macro_f1(truth: list[str], said: list[str]) -> float:
    """Mean F1 over the intents that occur in the truth."""
    present = [i for i in INTENTS if i in set(truth)]
    return float(f1_score(truth, said, labels=present, average="macro", zero_division=0))


def baselines(truth: list[str]) -> tuple[float, float]:
    """Macro F1 of always the most frequent intent, and of drawing by share (mean of DRAWS draws)."""
    counts = Counter(truth)
    most = counts.most_common(1)[0][0]
    chance = random.Random(SEED)
    drawn = [
        macro_f1(truth, chance.choices(list(counts), weights=list(counts.values()), k=len(truth)))
        for _ in range(DRAWS)
    ]
    return macro_f1(truth, [most] * len(truth)), sum(drawn) / len(drawn)


def speed(texts: list[str]) -> float:
    """Texts a second on one core, of at least LEAST_TEXTS, the lexicons read before."""
    repeated = texts * (LEAST_TEXTS // len(texts) + 1)
    started = time.perf_counter()
    for text in repeated:
        read(text)
    return len(repeated) / (time.perf_counter() - started)


def run() -> None:
    """Print a line a language."""
    folder = Path(sys.argv[sys.argv.index("--data") + 1]) if "--data" in sys.argv else DEVELOPMENT
    encoder = open_encoder() if encoder_installed() else None
    print(f"intents: sentences of {folder.name}")
    for language in LANGUAGES:
        path = folder / f"{language}.tsv"
        if not path.exists():
            continue
        labelled = rows(path)
        truth, texts = [label for label, _ in labelled], [text for _, text in labelled]
        core = macro_f1(truth, [read(text).intent for text in texts])
        frequent, by_share = baselines(truth)
        encoded = "not installed"
        if encoder is not None:
            encoded = f"{macro_f1(truth, [read(text, encoder=encoder).intent for text in texts]):.2f}"
        print(
            f"  {language}: {len(texts)} texts, macro F1 core {core:.2f}, with encoder {encoded}, most frequent {frequent:.2f}, "
            f"by share {by_share:.2f}; {speed(texts):,.0f} texts/s"
        )
