"""Ce que les bibliothèques lisent dans l'environnement au moment où on les importe, ici et dans les programmes lancés."""

import tempfile

# Les mêmes réseaux se compilent cent fois : XLA garde là, pour tous les programmes, ce qu'il a compilé une fois.
COMPILED = tempfile.TemporaryDirectory(prefix="aurore-xla-", ignore_cleanup_errors=True)
SETTINGS = {
    "TF_XLA_FLAGS": f"--tf_xla_persistent_cache_directory={COMPILED.name}",
    "XLA_FLAGS": "--xla_backend_optimization_level=0",  # écrire vingt tokens plus vite ne vaut pas une seconde de plus à compiler
    "TF_NUM_INTRAOP_THREADS": "1",  # plusieurs programmes à la fois se disputeraient les cœurs
}
