// Des scores aux probabilités, et le tirage : ce que fait `sampling.py`, dans le navigateur. Un essai les compare.

/** Les probabilités de ces scores à cette température ; à 0, le plus haut a toutes les chances. */
export function softmax(logits, temperature) {
  const highest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  if (!temperature) {
    const chosen = logits.indexOf(highest);
    return Float64Array.from(logits, (_, id) => Number(id === chosen));
  }
  const weights = Float64Array.from(logits, (logit) => Math.exp((logit - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** Ce qu'il en reste après top-k (0 : sans) puis top-p, ramené à 1 en tout. */
export function kept(chances, { top_k, top_p }) {
  const order = Uint32Array.from(chances.keys()).sort((one, other) => chances[other] - chances[one]);
  const limit = top_k ? chances[order[Math.min(top_k, order.length) - 1]] : 0;
  const first = chances.map((chance) => (chance >= limit ? chance : 0));
  const total = first.reduce((sum, chance) => sum + chance, 0);
  const result = new Float64Array(chances.length);
  let sum = 0;
  for (const id of order) {
    if (!first[id] || (top_p < 1 && sum >= top_p * total)) break;
    result[id] = first[id];
    sum += first[id];
  }
  return result.map((chance) => chance / sum);
}

/** Le token que désigne `height`, de 0 à 1, dans les probabilités mises bout à bout. */
export function drawn(chances, height) {
  let sum = 0, last = 0;
  for (const [id, chance] of chances.entries()) {
    if (!chance) continue;
    sum += chance;
    last = id;
    if (height < sum) return id;
  }
  return last;
}
