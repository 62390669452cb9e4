"""Étape 1 : du fichier de Gutenberg aux phrases. Rien ici n'a besoin de TensorFlow."""
