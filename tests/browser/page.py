"""The page of `glassbridge serve` and an HTML report in Chromium; see README.md. Arguments: demo folder, address, folder for screenshots."""

import pathlib
import sys

from playwright.sync_api import expect, sync_playwright


def answered(page):
    expect(page.locator("#ask-state")).to_contain_text("answered in", timeout=60_000)
    expect(page.locator("#ask-answer")).not_to_have_class("old", timeout=60_000)


def live(browser, demo, address, shots):
    page = browser.new_page(viewport={"width": 1250, "height": 1000})
    wrong, asked = [], []
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.on("request", lambda r: asked.append(r.url))
    page.goto(address)
    page.set_input_files("#ask-spectrum", demo / "spectrum.dat")
    answered(page)
    expect(page.locator(".verdict strong")).to_have_text("inside the domain")
    page.set_input_files("#ask-pdf", demo / "pdf.dat")
    expect(page.locator(".verdict strong")).to_have_text("consistent", timeout=60_000)
    answered(page)
    assert page.locator("#ask-answer .charts canvas").count() >= 4, "the figures are charts"
    print("spectrum and PDF:", page.locator("#ask-state").inner_text())
    page.screenshot(path=shots / "serve.png")

    def moved(id, value, word):
        page.locator(f"#ask-{id}").evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })); }", value)
        expect(page.locator("#ask-answer")).to_contain_text(word, timeout=60_000)
        answered(page)
        print(f"{id} moved:", page.locator("#ask-state").inner_text())

    moved("lambda", "1", "lambda-moved")
    page.check("#ask-noise_set")
    moved("noise", "-1", "10.0 % of its rms")
    page.fill("#ask-composition", "Xx")
    page.locator("#ask-composition").dispatch_event("input")
    expect(page.locator("#ask-error")).to_contain_text("Xx", timeout=60_000)
    page.screenshot(path=shots / "serve-refused.png")
    page.fill("#ask-composition", "SiO2")
    expect(page.locator("#ask-error")).to_be_hidden(timeout=60_000)
    answered(page)
    with page.expect_download() as download:
        page.click("[data-kind=html]")
    saved = shots / "report.html"
    download.value.save_as(saved)
    assert not wrong or all("422" in w for w in wrong), wrong
    foreign = [u for u in asked if not u.startswith((address, "blob:"))]
    assert not foreign, foreign
    page.close()
    return saved


def report(browser, file, shots):
    page = browser.new_page(viewport={"width": 1000, "height": 1200})
    asked = []
    page.on("request", lambda r: asked.append(r.url))
    page.goto(file.resolve().as_uri())
    overlay = page.locator("#overlay")
    plot = overlay.locator(".u-over").first
    box = plot.bounding_box()
    x_axis = lambda: page.evaluate("() => document.querySelector('#overlay .u-legend .u-value').textContent")
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert x_axis().strip(), "the legend tells the values under the pointer"
    before = x_axis()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"], steps=5)
    page.mouse.up()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert x_axis() != before, "dragging zooms"
    overlay.screenshot(path=shots / "zoomed.png")
    name = overlay.locator(".u-legend tr:not(.unnamed) th").nth(1)
    name.click()
    assert overlay.locator(".u-off").count() > 0, "a click hides a curve"
    overlay.locator(".hint button").click()
    assert overlay.locator("svg").is_visible() and not overlay.locator("canvas").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator("#residuals svg").is_visible() and not page.locator("#residuals canvas").first.is_visible()
    page.pdf(path=shots / "printed.pdf", prefer_css_page_size=True)
    assert len(asked) == 1, asked
    page.close()
    plain = browser.new_context(java_script_enabled=False).new_page()
    plain.goto(file.resolve().as_uri())
    assert plain.locator("#overlay svg").is_visible(), "without scripts the drawing is there"
    plain.screenshot(path=shots / "plain.png")


def main():
    demo, address, shots = pathlib.Path(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        saved = live(browser, demo, address, shots)
        report(browser, saved, shots)
        browser.close()
    print("all as it should be; look at", shots)


if __name__ == "__main__":
    main()
