// The present setting's texts: choose one, read what differs there, copy it.
(() => {
  const { make } = window.studio;

  const takeaway = (element, props, watch) => {
    const panel = element.querySelector(".panel");
    let chosen = "sentence", texts = [];
    // Without a secure context there is no clipboard: the text is selected, to be copied by key.
    const copy = async (text, button) => {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else getSelection().selectAllChildren(panel.querySelector("pre"));
      button.textContent = navigator.clipboard ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    };
    const draw = () => {
      if (!texts.length) { panel.replaceChildren(); return; }
      const one = texts.find((text) => text.key === chosen) || texts[0];
      const select = make("select", { "aria-label": "What to take away",
        onchange: (event) => { chosen = event.target.value; draw(); } },
      ...texts.map(({ key, title }) => make("option", { value: key, ...(key === one.key ? { selected: "" } : {}) }, title)));
      const plain = one.source === "this studio";
      const badge = plain ? null : make("span", { class: `badge ${one.exact ? "same" : "other"}` },
        one.exact ? "same ranking where lists are complete" : "another ranking");
      panel.replaceChildren(
        make("div", { class: "pick" }, select, ...(badge ? [badge] : []),
          make("button", { type: "button", class: "copy", onclick: (event) => copy(one.text, event.target) }, "Copy")),
        make("pre", { tabindex: 0 }, one.text),
        ...(one.here ? [make("p", { class: "here" }, one.here)] : []),
        ...(one.differences.length ? [make("ul", {}, ...one.differences.map((line) => make("li", {}, line)))] : []),
        ...(plain ? [] : [make("p", { class: "quiet" }, `Source: ${one.source}`)]));
    };
    const take = () => { texts = typeof props.value === "string" && props.value ? JSON.parse(props.value) : []; draw(); };
    watch("value", take);
    take();
  };

  window.studio.takeaway = takeaway;
})();
