"""Étape 4 : ce que le modèle écrit, et ce que cela vaut."""
