// Ce que le navigateur garde de cette visite tant que l'onglet est ouvert, et dont le serveur ne sait rien : les textes, et ce
// qui est à l'écran.

const TEXTS = "aurore.textes", SCREEN = "aurore.écran", MOST_KEPT = 30;

function read(key, otherwise) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Plus de place, ou un navigateur qui n'en donne pas : le texte reste à l'écran.
  }
}

/** Du plus ancien au plus récent : `id`, et `stories`, un texte ou deux côte à côte. */
export const visited = () => read(TEXTS, []);

/** Garde ces textes, à la place de ceux qui ont le même `id`. */
export const remember = (kept) => write(TEXTS, [...visited().filter(({ id }) => id !== kept.id), kept].slice(-MOST_KEPT));

/** Le formulaire et le texte que l'on avait sous les yeux : `fields`, et `id`, celui de ce texte. */
export const lastScreen = () => read(SCREEN, {});
export const keepScreen = (changed) => write(SCREEN, { ...lastScreen(), ...changed });
