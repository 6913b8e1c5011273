// The shift flow of `untied-redundancy`, compiled to WebAssembly.

/** A function from a request `{ text, norm, bias, mode }` to its answer, or to `{ error }`. */
async function loadFlow(base64) {
  const code = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
  const { memory, room, respond, place } = (await WebAssembly.instantiate(code)).instance.exports;
  return (request) => {
    const text = new TextEncoder().encode(JSON.stringify(request));
    // Each call may move the memory.
    const to = room(text.length);
    new Uint8Array(memory.buffer, to, text.length).set(text);
    const length = respond();
    return JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, place(), length)));
  };
}
