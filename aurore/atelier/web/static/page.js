// Ce que toutes les pages font de même : nommer un élément, en faire un, attendre le modèle, dire que rien ne répond.

export const $ = (id) => document.getElementById(id);
export const made = (tag, properties = {}) => Object.assign(document.createElement(tag), properties);
export const randomSeed = () => Math.floor(Math.random() * 10000); // courte : on la recopie à la main

/** Pourquoi une demande a échoué, en une phrase : celle du serveur, ou qu'il ne répond pas. */
export const sentenceOf = (error) => error.sentence ?? "La page ne répond plus. Est-elle arrêtée ? Réessayez dans un instant.";

/** Attend que le modèle soit chargé, et rend ce que dit `healthz` ; `loading` est appelé tant qu'il ne l'est pas. */
export async function loaded(loading = () => {}, signal) {
  for (;;) {
    const health = await (await fetch("healthz", { signal })).json();
    if (health.status !== "loading") return health;
    loading();
    await new Promise((wake) => setTimeout(wake, 500));
  }
}
