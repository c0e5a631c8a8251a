//! Which files of a flist are assets, and what is said of each. A rule is a pattern, or an object as in SharingHub's
//! front matter. What an asset's members are is in `asset`, assets that no rule speaks of are in `own_assets`.

use flisthub_flist::{Content, File, LoadError, TreePath};
use serde_json::{Map, Value};

use super::asset::{self, Checksums};
use super::found::Findings;
use super::globs::Glob;
use super::hrefs::{References, Target};
use super::kinds;
use super::members::Members;
use super::one_key::Keys;
use super::preview::Preview;
use super::signs::Steps;
use super::warnings::Warnings;

/// The most assets of an item.
pub(super) const MAX_ASSETS: usize = 1000;

/// The most rules.
const MAX_RULES: usize = 100;

/// The most entries of a tree that are looked at.
const MAX_LOOKED_AT: usize = 1_000_000;

/// The most steps that are taken to hold patterns against paths, of one item. It is about a second of work.
const MAX_STEPS: u64 = 300_000_000;

/// What an entry of a tree counts that is looked at.
const STEPS_OF_ENTRY: usize = 20;

/// The most bytes of all assets, as JSON.
const MAX_BYTES: usize = 1 << 20;

/// The assets of an item, as they are found.
pub(super) struct Assets<'a, 'c> {
    /// The tree.
    pub(super) references: References<'a>,
    /// Which file is the preview: an asset that is that one is a thumbnail, too.
    pub(super) preview: Option<&'a Preview>,
    /// Asset by asset, each as JSON.
    pub(super) found: Members,
    /// What was wrong.
    pub(super) warnings: &'a mut Warnings,
    /// Knows checksums.
    pub(super) checksums: &'a mut Checksums<'c>,
    /// What their files say of themselves.
    pub(super) findings: Findings,
    /// Which of them has which key.
    keys: Keys,
    /// Whether a bound was reached.
    full: bool,
    /// The most of them.
    most: usize,
    /// Bytes of all of them.
    bytes: usize,
    /// The most bytes.
    most_bytes: usize,
    /// What may still be done to hold patterns against paths.
    steps: Steps,
    /// Whether a rule without a file, and a file without a key of its own, are worth a warning.
    expected: bool,
}

/// A rule with a pattern.
struct Rule<'r> {
    glob: Glob,
    said: &'r Map<String, Value>,
    /// How messages call it.
    about: String,
    matched: bool,
}

impl<'a, 'c> Assets<'a, 'c> {
    /// None yet, but for what a publisher's own item says.
    pub(super) fn new(
        references: References<'a>,
        preview: Option<&'a Preview>,
        findings: Findings,
        warnings: &'a mut Warnings,
        checksums: &'a mut Checksums<'c>,
    ) -> Self {
        Self {
            references,
            preview,
            found: Members::default(),
            warnings,
            checksums,
            findings,
            keys: Keys::default(),
            full: false,
            most: MAX_ASSETS,
            bytes: 0,
            most_bytes: MAX_BYTES,
            steps: Steps::new(MAX_STEPS),
            expected: true,
        }
    }

    /// Finds what the rules of categories mean. That they mean nothing in this flist is nobody's fault.
    pub(super) fn by_categories(&mut self, rules: &[Value]) -> Result<(), LoadError> {
        self.expected = false;
        let found = self.by_rules("assets of the category", rules);
        self.expected = true;
        found
    }

    /// Finds what rules mean. An asset that is there already stays.
    pub(super) fn by_rules(&mut self, whose: &str, rules: &[Value]) -> Result<(), LoadError> {
        if rules.len() > MAX_RULES {
            let what = format!("only the first {MAX_RULES} rules are looked at");
            self.warnings.add(whose, &what);
        }
        let mut objects: Vec<Option<Map<String, Value>>> =
            rules.iter().take(MAX_RULES).map(object_of).collect();
        for (at, said) in objects.iter_mut().enumerate() {
            let about = format!("{whose}[{at}]");
            if let Some(said) = said {
                kinds::of_rule(said, &about, self.warnings);
            }
        }
        let mut patterns = Vec::new();
        for (at, said) in objects.iter().enumerate() {
            let about = format!("{whose}[{at}]");
            let Some(said) = said else {
                self.warnings.add(&about, "it is neither a pattern nor an object");
                continue;
            };
            if Value::Object(said.clone()).to_string().len() > asset::MAX_SAID {
                let what = format!("it says more than {} KiB", asset::MAX_SAID >> 10);
                self.warnings.add(&about, &what);
                continue;
            }
            let text = |key: &str| said.get(key).and_then(Value::as_str);
            // As in SharingHub, a path may be a pattern.
            let is_pattern = |path: &&str| path.contains(['*', '?', '[']);
            let pattern = text("glob").or_else(|| text("path").filter(is_pattern));
            match (pattern, text("path").or_else(|| text("href"))) {
                (Some(pattern), _) => {
                    if let Some(glob) = self.warnings.hear(&about, Glob::new(pattern)) {
                        patterns.push(Rule { glob, said, about, matched: false });
                    }
                }
                (None, Some(href)) => self.by_href(href, said, &about)?,
                (None, None) => {
                    self.warnings.add(&about, "it has neither `glob`, `path` nor `href`");
                }
            }
        }
        self.by_patterns(&mut patterns)
    }

    /// Holds all patterns against each file of the tree, in one walk.
    fn by_patterns(&mut self, rules: &mut [Rule<'_>]) -> Result<(), LoadError> {
        if rules.is_empty() {
            return Ok(());
        }
        let files = self.references.files;
        for (looked_at, entry) in files.tree.walk(files.store).enumerate() {
            let (path, entry) = entry?;
            if looked_at >= MAX_LOOKED_AT || !self.steps.take(STEPS_OF_ENTRY) {
                let what = format!("only the first {looked_at} entries of the flist are looked at");
                self.warnings.add("assets", &what);
                break;
            }
            let Content::File { size, pieces } = entry.content else { continue };
            let file = File { size, pieces };
            let shown = path.to_string();
            for rule in rules.iter_mut() {
                if rule.glob.matches(&shown, &mut self.steps) {
                    rule.matched = true;
                    self.add(rule.said, &path, &file, &rule.about)?;
                }
            }
            if self.full {
                break;
            }
        }
        let all_seen = !self.full && !self.steps.are_spent();
        for rule in rules.iter().filter(|rule| !rule.matched && all_seen && self.expected) {
            self.warnings.add(&rule.about, "no file of the flist is meant by it");
        }
        Ok(())
    }

    fn by_href(
        &mut self,
        href: &str,
        said: &Map<String, Value>,
        about: &str,
    ) -> Result<(), LoadError> {
        let target = match self.references.find(href, &[""])? {
            Ok((Target::File(path), Some(file))) => {
                return self.add(said, &path, &file, about);
            }
            Ok((target, _)) => target,
            Err(why) => {
                if self.expected {
                    self.warnings.add(about, &why);
                }
                return Ok(());
            }
        };
        match said.get("key").and_then(Value::as_str).filter(|key| !key.is_empty()) {
            Some(key) => {
                let made = asset::elsewhere(&target, said, key).map_err(str::to_owned);
                if let Some(asset) = self.warnings.hear(about, made) {
                    self.insert(key, &target, &asset, about);
                }
            }
            None => self.warnings.add(about, "an asset that is no file of the flist needs a `key`"),
        }
        Ok(())
    }

    /// Adds a file.
    pub(super) fn add(
        &mut self,
        said: &Map<String, Value>,
        path: &TreePath,
        file: &File,
        about: &str,
    ) -> Result<(), LoadError> {
        let shown = path.to_string();
        let key = said.get("key").and_then(Value::as_str).unwrap_or("{path}");
        let key =
            asset::expanded(key, &shown, "{key}").filter(|key| (1..=4096).contains(&key.len()));
        let Some(key) = key else {
            self.warnings.add(about, "its `key` is empty or too long");
            return Ok(());
        };
        let target = Target::File(path.clone());
        // A checksum may be computed for it, so room comes first.
        if self.is_taken(&key, &target, about) || !self.has_room() {
            return Ok(());
        }
        let made = asset::of_file(path, file, said, &key, self.checksums).map_err(str::to_owned);
        if let Some((mut asset, warning)) = self.warnings.hear(about, made) {
            if let Some(what) = warning {
                self.warnings.add(about, &format!("{key}: {what}"));
            }
            if self.preview.is_some_and(|it| it.key == key && it.is(path)) {
                asset::thumbnail(&mut asset, said);
            }
            let mark = self.findings.mark();
            self.describe(path, file, &key, &mut asset)?;
            if !self.insert(&key, &target, &asset, about) {
                self.findings.back_to(mark);
            }
        }
        Ok(())
    }

    /// Adds what the file of an asset says of itself. What is declared has its room nevertheless.
    pub(super) fn describe(
        &mut self,
        path: &TreePath,
        file: &File,
        key: &str,
        asset: &mut Members,
    ) -> Result<(), LoadError> {
        let files = self.references.files;
        let added = self.findings.describe(files, (path, file), (key, asset), self.warnings)?;
        self.most_bytes = self.most_bytes.saturating_add(added);
        Ok(())
    }

    /// Makes room for the preview and the README, whatever else there is.
    pub(super) fn make_room(&mut self) {
        self.full = false;
        self.most = MAX_ASSETS.saturating_add(2);
        self.most_bytes = self.most_bytes.saturating_add(32 << 10);
    }

    /// Whether there is room for one more; else it is a warning.
    pub(super) fn has_room(&mut self) -> bool {
        if self.found.len() >= self.most {
            self.full = true;
            self.warnings.add("assets", &format!("only the first {MAX_ASSETS} are taken"));
        }
        !self.full
    }

    /// Whether an asset has that key. Where it is another one, the publisher is told in the end.
    fn is_taken(&mut self, key: &str, target: &Target, about: &str) -> bool {
        let taken = self.found.has(key);
        if taken && self.expected {
            self.keys.leave_out(key, target, about);
        }
        taken
    }

    /// Tells of assets that end up with one key.
    pub(super) fn tell_keys(&mut self) {
        self.keys.tell(self.warnings);
    }

    /// Adds an asset, if there is room. Answers whether it was taken.
    pub(super) fn insert(
        &mut self,
        key: &str,
        target: &Target,
        asset: &Members,
        about: &str,
    ) -> bool {
        if self.is_taken(key, target, about) || !self.has_room() {
            return false;
        }
        let json = asset.object("");
        let bytes = self.bytes.saturating_add(json.len()).saturating_add(key.len());
        if bytes > self.most_bytes {
            self.full = true;
            let what = format!("only the first {} KiB of them are taken", MAX_BYTES >> 10);
            self.warnings.add("assets", &what);
            return false;
        }
        self.bytes = bytes;
        self.found.made(key, json);
        self.keys.take(key, target, self.expected.then_some(about));
        true
    }
}

/// A rule as an object.
fn object_of(rule: &Value) -> Option<Map<String, Value>> {
    match rule {
        Value::String(glob) => {
            Some([("glob".to_owned(), Value::from(glob.as_str()))].into_iter().collect())
        }
        Value::Object(said) => Some(said.clone()),
        _ => None,
    }
}
