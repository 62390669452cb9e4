// La typographie de l'imprimé, pour ce que la page compose elle-même. `prose.py` fait de même côté serveur : un essai les compare.

/** Le texte comme un livre l'imprime : l'apostrophe courbe, et des espaces où la ligne ne se coupe pas. De la même longueur. */
export function printed(words) {
  return words.replaceAll(/ (?=[;!?])/g, "\u202f").replaceAll(/ (?=[:»])|(?<=[«—]) /g, "\u00a0").replaceAll("'", "’");
}
