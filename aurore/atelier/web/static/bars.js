// Des probabilités en barres, et comment la température les change.

export const percent = (probability) =>
  `${(100 * probability).toLocaleString("fr", { maximumFractionDigits: probability < 0.01 ? 2 : probability < 0.1 ? 1 : 0 })} %`;

/** Une barre, de la longueur de sa probabilité. Sa longueur seule change quand on la redonne à `fill`. */
export function bar(probability) {
  const track = document.createElement("span");
  track.className = "bar";
  track.append(document.createElement("span"));
  fill(track, probability);
  return track;
}

export function fill(track, probability) {
  track.firstChild.style.width = `${100 * Math.min(1, probability)}%`;
}

/** Les probabilités de ces tokens à la température d'indice `rank` (0 pour la température 0), d'après la réponse d'`api/next`. */
export function warmed({ alternatives, temperatures, log_sums }, rank) {
  if (!rank) return alternatives.map((each, place) => (place ? 0 : 1));
  return alternatives.map(({ probability }) => Math.exp(Math.log(probability) / temperatures[rank - 1] - log_sums[rank - 1]));
}

/** La réglette de la température, de 0 à 2, qui appelle `moved` avec son indice ; elle le dit à côté d'elle. */
export function temperatureSlider(temperature, moved) {
  const label = document.createElement("label"), range = document.createElement("input"), value = document.createElement("output");
  Object.assign(range, { type: "range", min: 0, max: 20, step: 1, value: Math.max(0, Math.min(20, Math.round(10 * temperature))) });
  const tell = () => {
    value.textContent = (range.value / 10).toLocaleString("fr");
    range.setAttribute("aria-valuetext", value.textContent);
    moved(Number(range.value));
  };
  label.className = "temperature";
  label.append("Température ", range, " ", value);
  range.addEventListener("input", tell);
  tell();
  return label;
}
