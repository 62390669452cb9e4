// Les textes de cette visite : le navigateur les garde tant que l'onglet est ouvert, et le serveur n'en sait rien.

const KEPT = "aurore.textes", MOST_KEPT = 30;

/** Du plus ancien au plus récent : `id`, et `stories`, un texte ou deux côte à côte. */
export function visited() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? [];
  } catch {
    return [];
  }
}

/** Garde ces textes, à la place de ceux qui ont le même `id`. */
export function remember(kept) {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify([...visited().filter(({ id }) => id !== kept.id), kept].slice(-MOST_KEPT)));
  } catch {
    // Plus de place, ou un navigateur qui n'en donne pas : le texte reste à l'écran.
  }
}
