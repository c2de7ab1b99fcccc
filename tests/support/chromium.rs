//! Chromium without a window, spoken to over two pipes in the protocol of its developer tools: what its page runs, shows, loads and complains of.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
/// Whatever happens, the browser ends after so many seconds, and with it whoever waits for an answer.
const SECONDS: &str = "120";

/// A browser with one page.
pub struct Chromium {
    child: Child,
    to: File,
    from: BufReader<File>,
    calls: u64,
    session: Option<String>,
    /// What the browser told without being asked.
    told: Vec<Value>,
    _folder: tempfile::TempDir,
}

impl Chromium {
    /// A browser, where one is installed.
    pub fn start() -> Option<Self> {
        let is_there = |name: &&&str| Command::new(name).arg("--version").output().is_ok_and(|said| said.status.success());
        let Some(name) = NAMES.iter().find(is_there) else {
            eprintln!("skipped: no Chromium (scripts/setup chromium installs it)");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let pipe = |name: &str| folder.path().join(name).display().to_string();
        let (to, from) = (pipe("to"), pipe("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().unwrap().success());
        // The protocol is spoken over the descriptors 3 and 4, which only a shell sets without unsafe code.
        let child = Command::new("sh")
            .args(["-c", "to=$1 from=$2; shift 2; exec timeout \"$@\" 3<\"$to\" 4>\"$from\"", "sh", &to, &from, SECONDS, name])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"])
            .args(["--hide-scrollbars", "--remote-debugging-pipe", &format!("--user-data-dir={}", pipe("profile"))])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = File::options().write(true).open(to).unwrap();
        let from = BufReader::new(File::open(from).unwrap());
        let mut browser = Self { child, to, from, calls: 0, session: None, told: Vec::new(), _folder: folder };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].clone();
        let session = browser.call("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        browser.session = Some(session["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        Some(browser)
    }

    fn hear(&mut self) -> Value {
        let mut message = Vec::new();
        self.from.read_until(0, &mut message).unwrap();
        assert_eq!(message.pop(), Some(0), "the browser has ended");
        serde_json::from_slice(&message).unwrap()
    }

    /// Asks for something and waits for the answer.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.calls += 1;
        let mut message = json!({"id": self.calls, "method": method, "params": params});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut heard = self.hear();
            if heard["id"] == self.calls {
                assert!(heard.get("error").is_none(), "{method}: {heard}");
                return heard["result"].take();
            }
            self.told.push(heard);
        }
    }

    fn wait_for(&mut self, method: &str) {
        while !self.told.iter().any(|told| told["method"] == method) {
            let heard = self.hear();
            self.told.push(heard);
        }
    }

    fn go(&mut self, url: &str) {
        self.told.clear();
        self.call("Page.navigate", &json!({ "url": url }));
        self.wait_for("Page.loadEventFired");
    }

    /// Opens a file anew, with a fragment.
    pub fn open(&mut self, page: &Path, fragment: &str) {
        self.go("about:blank");
        self.go(&format!("file://{}{fragment}", page.display()));
    }

    /// A window of this size, with light or dark colours, on screen or paper.
    pub fn look(&mut self, width: u32, theme: &str, media: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let features = json!([{"name": "prefers-color-scheme", "value": theme}]);
        self.call("Emulation.setEmulatedMedia", &json!({"media": media, "features": features}));
    }

    /// What an expression is; a promise is waited for.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut answer = self.call("Runtime.evaluate", &asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// The texts of all elements that a selector finds, and that are shown.
    pub fn texts(&mut self, selector: &str) -> Vec<String> {
        let shown = format!(
            "[...document.querySelectorAll({selector:?})].filter((e) => e.offsetParent).map((e) => e.textContent.trim())"
        );
        serde_json::from_value(self.value(&shown)).unwrap()
    }

    /// Clicks the first element that a selector finds, and lets the page draw itself.
    pub fn click(&mut self, selector: &str) {
        self.value(&format!("document.querySelector({selector:?}).click()"));
        self.settle();
    }

    /// Types into a field.
    pub fn fill(&mut self, selector: &str, text: &str) {
        self.value(&format!(
            "{{ const field = document.querySelector({selector:?}); field.value = {text:?}; field.dispatchEvent(new Event('input', {{bubbles: true}})); }}"
        ));
    }

    /// Waits until the page has drawn itself twice.
    pub fn settle(&mut self) {
        self.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))");
    }

    /// Waits until something holds, for at most ten seconds.
    pub fn until(&mut self, expression: &str) {
        let test = format!(
            "new Promise((done) => {{ const begin = performance.now(); const look = () => {{ if ({expression}) done(true); \
             else if (performance.now() - begin > 10000) done(false); else requestAnimationFrame(look); }}; look(); }})"
        );
        assert_eq!(self.value(&test), true, "{expression} within ten seconds");
    }

    /// What was loaded since the page was opened, but for the page itself.
    pub fn loaded(&self) -> Vec<String> {
        let requests = self.told.iter().filter(|told| told["method"] == "Network.requestWillBeSent");
        let urls = requests.filter_map(|told| told["params"]["request"]["url"].as_str());
        urls.filter(|url| !url.starts_with("file:") && !url.starts_with("data:")).map(str::to_owned).collect()
    }

    /// What the browser complained of since then: exceptions, what the policy of the page forbade, what the page wrote to the console.
    pub fn complaints(&self) -> Vec<String> {
        let of = ["Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"];
        let complaints = self.told.iter().filter(|told| of.iter().any(|method| told["method"] == *method));
        complaints.map(|told| told["params"].to_string()).collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
