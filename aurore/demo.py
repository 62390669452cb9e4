"""Tout l'atelier en quelques minutes, sans connexion : les étapes 1 à 4 sur les récits et le modèle embarqués.

Les scripts sont ceux de l'atelier, lancés l'un après l'autre dans un dossier à part : votre travail n'est pas touché.
"""

import os
import shutil
import subprocess
import sys
import time

from atelier import console, errors, launch, settings

HOME = settings.CACHE / "demo"
EPOCHS = 3
LEARNING_RATE = 0.0003  # le double de celui de l'étape 3 : mesuré, ce qui apprend le mieux en 45 pas
SEED = 1

WHAT_TO_SEE = """À regarder : les barres. Pour trois débuts, elles disent les mots que le modèle attendait, et ceux qu'il attend
maintenant qu'il a lu les récits. Puis il écrit, avant et après, avec la même graine, donc le même hasard."""

NEXT = f"""
C'était la démonstration : un petit modèle, quelques récits, quelques minutes. L'atelier entraîne un modèle bien plus
grand, sur de vrais livres. Pour le commencer (avec --offline à la fin, si vous n'avez pas de connexion) :

    {console.command("1_prepare_dataset_solution.py")}

La suite est dans README.md, étape par étape. Pour écrire le code vous-même : {console.command("check.py", "--watch")}"""


def run_step(script: str, *options: str) -> None:
    """Lance un script de l'atelier, comme on le taperait."""
    variables = {"AURORE_HOME": str(HOME), "AURORE_MODEL": "mini", "HF_HUB_OFFLINE": "1", "PYTHONIOENCODING": "utf-8"}
    variables["AURORE_DEMO"] = "1"  # le titre de l'étape est déjà là, et l'étape suivante aussi
    done = subprocess.run([sys.executable, settings.FOLDER / script, *options], env=os.environ | variables)
    if done.returncode == 130:
        raise KeyboardInterrupt
    if done.returncode:
        raise errors.AuroreError(
            f"La démonstration s'est arrêtée : {script} a échoué, et dit pourquoi ci-dessus. Relancez-la ; si cela recommence, "
            f"relancez-la avec {console.variable('AURORE_DEBUG', '1')} pour voir d'où vient l'erreur."
        )


def title(text: str) -> None:
    print(f"\n── {text} ──\n", flush=True)


def main() -> None:
    console.argument_parser(
        "Tout l'atelier en quelques minutes, sans connexion : les étapes 1 à 4 sur les récits et le modèle embarqués."
    ).parse_args()
    start = time.perf_counter()
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)

    title("Étape 1 : des récits à un jeu de données")
    run_step("1_prepare_dataset_solution.py", "--offline")
    title("Étape 2 : du texte aux tokens")
    run_step("2_tokenize_solution.py")
    title(f"Étape 3 : le modèle lit les récits, {EPOCHS} fois")
    run_step("3_train_solution.py", "--epochs", str(EPOCHS), "--learning-rate", str(LEARNING_RATE))
    title("Étape 4 : avant et après l'entraînement")
    print(WHAT_TO_SEE, flush=True)
    run_step("4_generate_solution.py", "--compare", "--seed", str(SEED))

    print(f"\nDurée : {time.perf_counter() - start:.0f} secondes.")
    print(NEXT)


if __name__ == "__main__":
    launch.run(main)
