// The local page: reads two files and the settings, asks the server, shows the answer. Nothing is kept.
(() => {
  const at = (id) => document.getElementById("ask-" + id);
  const files = { spectrum: null, pdf: null };
  const taken = { spectrum: 0, pdf: 0 };
  const zooms = new Map();
  // Each question has a number; an answer is shown unless a later one was shown already.
  let asked = 0;
  let shown = 0;
  let isMoving = false;
  let isStale = false;
  let rest = 0;
  // Longest time in ms that a full answer may take while settings move; else quick ones until they rest.
  const SWIFT = 400;
  let lasted = 0;

  at("operator").textContent = `${known.operator}: ${known.glasses} glasses, ${known.quantity}` + (known.composition ? `, ${known.composition}` : "");
  at("composition").placeholder = known.composition || "SiO2";
  if (known.density) at("density").placeholder = known.density.toPrecision(4);
  for (const [id, names] of [["quantity", known.spectra], ["pdf_quantity", known.pdfs]])
    for (const name of names) at(id).append(new Option(name, name));

  // Bytes as characters 0 to 255: any encoding passes through JSON unharmed.
  async function upload(file) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const parts = [];
    for (let i = 0; i < bytes.length; i += 8192) parts.push(String.fromCharCode(...bytes.subarray(i, i + 8192)));
    return { name: file.name, bytes: parts.join("") };
  }

  const number = (id) => (at(id).value === "" ? null : Number(at(id).value));
  const word = (id) => at(id).value || null;
  const noise = () => 10 ** Number(at("noise").value);
  const lambda = () => 10 ** Number(at("lambda").value);

  function question(quick) {
    return JSON.stringify({
      quick,
      spectrum: files.spectrum,
      pdf: files.pdf,
      settings: {
        quantity: word("quantity"), x_unit: word("x_unit"), pdf_quantity: word("pdf_quantity"),
        noise: at("noise_set").checked ? noise() : null,
        lambda: Number(at("lambda").value) === 0 ? null : lambda(),
        nuisances: [...document.querySelectorAll(".nuisance:checked")].map((box) => box.value),
        density: number("density"), composition: word("composition"), q_max: number("q_max"), pdf_width: number("pdf_width"), q_damp: number("q_damp"),
        lorch: at("lorch").checked, letter: at("paper").value === "letter",
      },
    });
  }

  const post = (path, quick) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: question(quick) });

  function refused(why) {
    at("error").textContent = why;
    at("error").hidden = !why;
  }

  async function answer(quick) {
    const number = ++asked;
    const begin = performance.now();
    let told, ok;
    try {
      const reply = await post("answer", quick);
      [ok, told] = [reply.ok, await reply.json()];
      if (ok && !quick) lasted = performance.now() - begin;
    } catch (error) {
      [ok, told] = [false, { error: `the program does not answer: ${error.message}\n  help:  is \`glassbridge serve\` still running?` }];
    }
    if (number < shown) return;
    shown = number;
    if (ok) {
      at("answer").innerHTML = told.html;
      glassbridge.enliven(at("answer"), look, zooms);
      at("state").textContent = `answered in ${Math.round(performance.now() - begin)} ms`;
    } else at("answer").replaceChildren();
    refused(ok ? "" : told.error);
    for (const button of document.querySelectorAll("#ask-download button"))
      button.disabled = !ok || (button.dataset.kind === "pdf" && !known.hasPdf);
  }

  // While settings move, one question at a time, the last setting always; if full answers take long, quick ones and at rest a full one.
  async function ask() {
    if (!files.spectrum) {
      at("state").textContent = files.pdf ? "Now drop the spectrum that it is to be compared with." : "Drop a spectrum: its PDF is inferred.";
      return;
    }
    isStale = true;
    clearTimeout(rest);
    at("answer").classList.add("old");
    if (isMoving) return;
    isMoving = true;
    while (isStale) {
      isStale = false;
      await answer(lasted > SWIFT);
    }
    isMoving = false;
    at("answer").classList.remove("old");
    if (files.pdf && at("answer").textContent.includes("power-not-renewed")) rest = setTimeout(() => answer(false), 800);
  }

  async function take(side, file) {
    if (!file) return;
    const number = ++taken[side];
    const read = await upload(file);
    // A large file that was dropped earlier must not replace a small one dropped later.
    if (number < taken[side]) return;
    files[side] = read;
    const place = document.querySelector(`[data-side=${side}]`);
    place.classList.add("full");
    place.querySelector("span").textContent = file.name;
    zooms.clear();
    ask();
  }

  for (const place of document.querySelectorAll(".drop")) {
    const side = place.dataset.side;
    at(side).addEventListener("change", () => take(side, at(side).files[0]));
    for (const kind of ["dragenter", "dragover"])
      place.addEventListener(kind, (e) => { e.preventDefault(); place.classList.add("over"); });
    for (const kind of ["dragleave", "drop"])
      place.addEventListener(kind, () => place.classList.remove("over"));
    place.addEventListener("drop", (e) => { e.preventDefault(); take(side, e.dataTransfer.files[0]); });
  }
  // A file dropped beside the fields must not replace the page.
  for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (e) => e.preventDefault());

  function told() {
    at("noise").disabled = !at("noise_set").checked;
    at("noise_told").textContent = at("noise_set").checked ? `${(100 * noise()).toPrecision(2)} % of its rms` : "from the file, or estimated";
    at("lambda_told").textContent = Number(at("lambda").value) === 0 ? "as trained" : `${lambda().toPrecision(2)} times as trained`;
  }
  document.querySelector("aside").addEventListener("input", (e) => {
    told();
    if (e.target.type !== "file" && e.target.id !== "ask-paper") ask();
  });

  for (const button of document.querySelectorAll("#ask-download button")) {
    button.addEventListener("click", async () => {
      const kind = button.dataset.kind;
      const reply = await post(`report?${kind}`, false);
      if (!reply.ok) return refused((await reply.json()).error);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await reply.blob());
      link.download = `report.${kind}`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    });
  }
  told();
})();
