"""Étape 3 : l'entraînement, et tout ce qui l'entoure."""
