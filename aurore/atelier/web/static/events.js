// Lire une réponse qui vient peu à peu (https://html.spec.whatwg.org/multipage/server-sent-events.html) : `EventSource` ne sait que GET.

/** Les événements d'une réponse « text/event-stream », un à un. */
export async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (let pending = ""; ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (pending + value).split("\n\n");
    pending = blocks.pop();
    for (const block of blocks) {
      const found = /^event: (\w+)\ndata: (.*)$/.exec(block);
      if (found) yield { name: found[1], content: JSON.parse(found[2]) };
    }
  }
}
