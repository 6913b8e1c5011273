//! The shipped page as a whole: studies, narrow windows, both schemes, keyboards and names for screen readers.

use serde_json::json;

use crate::shipped;

#[test]
fn nothing_is_wider_than_the_window() {
    let mut page = shipped();
    for (width, mobile) in [(1100, false), (768, false), (360, true)] {
        page.size(width, 800, mobile);
        let wide = page.evaluate("document.documentElement.scrollWidth");
        assert!(wide.as_u64().expect("a width") <= u64::from(width), "{wide} in a window of {width}");
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)");
        let wide = page.evaluate("document.documentElement.scrollWidth");
        assert!(wide.as_u64().expect("a width") <= u64::from(width), "{wide} in a window of {width}, all opened");
    }
    assert_eq!(page.problems(), [""; 0]);
}

#[test]
fn identifiers_are_unique_and_references_lead_somewhere() {
    let mut page = shipped();
    let repeated = page.evaluate(
        "(() => { const ids = [...document.querySelectorAll('[id]')].map(one => one.id); \
         return ids.filter((id, at) => ids.indexOf(id) !== at); })()",
    );
    assert_eq!(repeated, json!([]));
    let lost = page.evaluate(
        "[...document.querySelectorAll('[for], [aria-labelledby], a[href^=\"#\"]')].flatMap(one => \
         (one.getAttribute('for') ?? one.getAttribute('aria-labelledby') ?? one.hash.slice(1)).split(' ')) \
         .filter(id => !document.getElementById(id))",
    );
    assert_eq!(lost, json!([]));
}

/// What Chromium tells assistive technology.
#[test]
fn every_control_and_picture_has_a_name() {
    let mut page = shipped();
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)");
    let tree = page.call("Accessibility.getFullAXTree", &json!({}));
    let mut seen = std::collections::BTreeMap::<String, usize>::new();
    for node in tree["nodes"].as_array().expect("nodes") {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        if ["slider", "button", "textbox", "combobox", "img", "image", "link", "DisclosureTriangle"].contains(&role)
            && node["ignored"] != true
        {
            let name = node["name"]["value"].as_str().unwrap_or_default();
            assert!(!name.trim().is_empty(), "{node}");
            *seen.entry(role.to_owned()).or_default() += 1;
        }
    }
    // Eight points and four sliders; a bias and β of a norm each, twice, the scores' bias, and two buttons that start again.
    assert_eq!((seen["slider"], seen["button"], seen["textbox"]), (12, 7, 1), "{seen:?}");
    assert!(seen["combobox"] >= 9 && seen["link"] > 20, "{seen:?}");
}

/// Text and what it stands on differ enough, in both schemes (WCAG 2.1: 4.5, large text 3).
#[test]
fn text_can_be_read_in_both_schemes() {
    let mut page = shipped();
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)");
    for scheme in ["light", "dark"] {
        let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        page.call("Emulation.setEmulatedMedia", &json!({ "features": feature }));
        let poor = page.evaluate(CONTRAST);
        assert_eq!(poor, json!([]), "{scheme}");
    }
}

/// Texts, those of live drawings included, with a contrast below 4.5 against the nearest background that is not transparent.
/// (A number inside a point stands on the point.)
const CONTRAST: &str = r"
(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgb = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = (color) => {
    const [r, g, b] = color.map((value) => value / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const color = rgb(getComputedStyle(at).backgroundColor);
      if (color[3] > 0) return color;
    }
    return rgb('white');
  };
  const poor = new Set();
  for (const one of document.querySelectorAll('main *:not(svg *), .live svg text')) {
    const text = [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!text || one.closest('[hidden], .hidden, :disabled, option')) continue;
    const style = getComputedStyle(one);
    const on = one.matches('.inside') ? rgb(getComputedStyle(one.previousElementSibling).fill) : ground(one);
    const [a, b] = [light(rgb(one.closest('svg') ? style.fill : style.color)), light(on)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5) poor.add(`${one.tagName}.${one.className}: ${contrast.toFixed(2)}`);
  }
  return [...poor];
})()";

#[test]
fn the_studies_can_be_opened_by_keyboard_and_printed() {
    let mut page = shipped();
    page.press("details.study > summary", "Enter");
    assert_eq!(page.evaluate("document.querySelector('details.study').open"), true);
    let printed = page.call("Page.printToPDF", &json!({ "printBackground": true }));
    assert!(printed["data"].as_str().is_some_and(|pdf| pdf.len() > 100_000));
    assert_eq!(page.problems(), [""; 0]);
}
