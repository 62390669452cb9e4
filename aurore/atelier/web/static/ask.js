// Demander quelque chose au serveur, en JSON.

/** Envoie `body` à l'adresse `path`, et renvoie la réponse ; si elle est un refus, lance sa phrase, sa raison, et le réglage en cause. */
export async function post(path, body, signal) {
  const answer = await fetch(path, { method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  if (answer.ok) return answer;
  const { error: sentence, reason, field } = await answer.json().catch(() => ({}));
  throw { sentence, reason, field };
}

export const ask = async (path, body, signal) => (await post(path, body, signal)).json();
