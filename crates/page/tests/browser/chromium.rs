//! A headless Chromium, driven over its DevTools protocol through two named pipes.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// What Chromium may take for one answer.
const PATIENCE: Duration = Duration::from_mins(1);

/// No network, no profile of anybody's, no questions.
const FLAGS: &str = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking \
                     --disable-component-update --disable-sync --hide-scrollbars --remote-debugging-pipe";

/// A page in a browser of its own.
pub(crate) struct Page {
    process: Child,
    to: File,
    from: Receiver<Value>,
    session: Option<String>,
    calls: u64,
    /// Messages and errors of the console.
    problems: Vec<String>,
    _folder: TempDir,
}

impl Page {
    /// Opens a file.
    pub(crate) fn open(file: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [inward, outward] = ["in", "out"].map(|name| folder.path().join(name));
        let made = Command::new("mkfifo").args([&inward, &outward]).status().expect("mkfifo");
        assert!(made.success());
        let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "chromium".into());
        let line = format!(r#"exec {chromium} {FLAGS} --user-data-dir="$0/profile" 3<"$0/in" 4>"$0/out""#);
        let process = Command::new("sh")
            .args(["-c", &line])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh");
        let to = File::options().write(true).open(inward).expect("a pipe to Chromium");
        let from = messages(File::open(outward).expect("a pipe from Chromium"));
        let mut page = Self { process, to, from, session: None, calls: 0, problems: vec![], _folder: folder };
        let target = page.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attached = page.call("Target.attachToTarget", &json!({ "targetId": target["targetId"], "flatten": true }));
        page.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.size(1100, 1400, false);
        page.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        let loaded = "new Promise(done => { const look = () => document.documentElement?.dataset.ready ? done(true) : setTimeout(look, 10); look(); })";
        assert_eq!(page.evaluate(loaded), true);
        page
    }

    /// Calls a method of the protocol; its result.
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        write!(self.to, "{message}\0").expect("Chromium listens");
        loop {
            let answer = self.from.recv_timeout(PATIENCE);
            let mut answer = answer.unwrap_or_else(|_| panic!("Chromium does not answer {method}: is it installed?"));
            if answer["id"] == self.calls {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].take();
            }
            self.listen(&answer);
        }
    }

    fn listen(&mut self, event: &Value) {
        let parameters = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded") => {
                self.problems.push(parameters.to_string());
            }
            Some("Network.requestWillBeSent") => {
                let url = parameters["request"]["url"].as_str().unwrap_or_default();
                if !url.starts_with("file://") {
                    self.problems.push(format!("asked for {url}"));
                }
            }
            _ => {}
        }
    }

    /// The value of an expression, or of its promise.
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.call("Runtime.evaluate", &parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// What the console said, and whatever was asked of a network, so far.
    pub(crate) fn problems(&mut self) -> Vec<String> {
        // Events come before the answer of a later call.
        self.evaluate("0");
        std::mem::take(&mut self.problems)
    }

    /// The size of the window in pixels.
    pub(crate) fn size(&mut self, width: u32, height: u32, mobile: bool) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
    }

    /// Drags from the middle of an element, by so many pixels.
    pub(crate) fn drag(&mut self, selector: &str, by: f64) {
        let middle = self.evaluate(&format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{ block: 'center' }}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()",
            json!(selector)
        ));
        let [x, y] = [0, 1].map(|axis| middle[axis].as_f64().expect("a place"));
        for (kind, at) in [("mousePressed", 0.0), ("mouseMoved", 0.5), ("mouseMoved", 1.0), ("mouseReleased", 1.0)] {
            let event =
                json!({ "type": kind, "x": x + at * by, "y": y, "button": "left", "buttons": 1, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Clicks the middle of an element.
    pub(crate) fn click(&mut self, selector: &str) {
        self.drag(selector, 0.0);
    }

    /// Presses a key on an element.
    pub(crate) fn press(&mut self, selector: &str, key: &str) {
        self.evaluate(&format!("document.querySelector({}).focus()", json!(selector)));
        let code = match key {
            "PageUp" => 33,
            "PageDown" => 34,
            "End" => 35,
            "Home" => 36,
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Enter" => 13,
            "Tab" => 9,
            _ => 0,
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// Chooses an option, as a person does: the element tells of its input.
    pub(crate) fn choose(&mut self, id: &str, value: &str) {
        let chosen = self.evaluate(&format!(
            "(() => {{ const e = document.getElementById('{id}'); e.value = {}; \
             e.dispatchEvent(new Event('input', {{ bubbles: true }})); return e.value; }})()",
            json!(value)
        ));
        assert_eq!(chosen, value, "{id}");
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The messages of a pipe, each ended by a zero byte.
fn messages(pipe: File) -> Receiver<Value> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(pipe).split(0).map_while(Result::ok) {
            let Ok(message) = serde_json::from_slice(&message) else { return };
            if send.send(message).is_err() {
                return;
            }
        }
    });
    receive
}
