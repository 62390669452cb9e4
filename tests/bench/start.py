"""Du lancement de l'étape 4 à ses vingt premiers tokens, à côté de ce que prend le seul import de TensorFlow et de transformers.

    python tests/bench/start.py [PASSES]

Les deux côtés alternent, dans des programmes neufs, avec mini ; on compare leurs médianes. Vient ensuite où passe le temps, en
secondes de processeur. Code 1 si l'étape 4 prend plus de 1,3 fois l'import, une fois que XLA a gardé ce qu'il a compilé.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

AURORE = Path(__file__).parents[2] / "aurore"
IMPORT = "from transformers import pipeline, TFAutoModelForCausalLM"
STAGES = """
import sys, time
sys.path.insert(0, sys.argv[1]); sys.argv = [""]
def done(what, last=[time.process_time()]):
    print(f"  {what:<44} {time.process_time() - last[0]:6.2f} s")
    last[0] = time.process_time()
import atelier.quiet
done("import de TensorFlow")
from transformers import AutoConfig, AutoTokenizer, Pipeline, TextStreamer, TFAutoModelForCausalLM, pipeline
done("import de transformers")
from atelier import settings
from atelier.writing import comparison, explanation, generation
done("import de l'atelier")
pipe = generation.load_pipeline(settings.MINI)
done("mini, ses poids et son tokenizer")
generation.seed_everything(1)
pipe("La petite", **generation.sampling_options(max_new_tokens=1))
done("lire l'amorce, et le premier token")
pipe("La petite", **generation.sampling_options(max_new_tokens=20))
done("vingt tokens, et ce qu'il faut compiler ou relire")
"""
BAR = 1.3


def seconds(*command: str, home: str) -> float:
    """Ce que prend ce programme, du lancement à la fin."""
    environment = os.environ | {"AURORE_HOME": home, "AURORE_MODEL": "mini", "TF_USE_LEGACY_KERAS": "1", "USE_TF": "1"}
    start = time.perf_counter()
    subprocess.run([sys.executable, *command], env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


def main(passes: int) -> bool:
    step_4 = (str(AURORE / "4_generate_solution.py"), "--prompt", "La petite", "--max-new-tokens", "20", "--seed", "3")
    with tempfile.TemporaryDirectory() as home:
        seconds("-c", IMPORT, home=home)  # les fichiers entrent en mémoire
        first = seconds(*step_4, home=home)
        pairs = [(seconds("-c", IMPORT, home=home), seconds(*step_4, home=home)) for _ in range(passes)]
        bare, ours = (statistics.median(side) for side in zip(*pairs))
        print(f"le seul import                          {bare:6.2f} s")
        print(f"l'étape 4, vingt tokens, la première fois {first:4.2f} s   {first / bare:.2f} ×")
        print(f"l'étape 4, vingt tokens, ensuite        {ours:6.2f} s   {ours / bare:.2f} ×   au plus {BAR}")
        print("\nOù passe le temps (secondes de processeur) :", flush=True)
        subprocess.run([sys.executable, "-c", STAGES, AURORE], env=os.environ | {"AURORE_HOME": home}, check=True)
    return ours <= BAR * bare


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1]) if len(sys.argv) > 1 else 5))
