//! The import graph of a crate, by the paths that its files name: which module uses which.
//!
//! A name that a module only passes on (`pub use`) counts for the module that defines it. Methods and macros are called
//! without a path, so that their definitions are not seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

type Names = Vec<String>;

/// Re-exports of re-exports that are followed.
const MOST_STEPS: usize = 20;

/// The modules of a crate by their paths; the root's is empty.
pub(crate) struct Imports(BTreeMap<Names, Module>);

struct Module {
    /// Relative to `src`.
    file: PathBuf,
    /// What the file calls by another path: names of `use`, with what they stand for.
    aliases: BTreeMap<String, Names>,
    /// Paths that the program itself follows.
    paths: BTreeSet<Names>,
}

/// One name of a `use` declaration.
struct Import {
    name: String,
    path: Names,
    public: bool,
}

impl Imports {
    /// Of the Rust files below `source`, the folder `src` of a crate; tests within them are left out.
    pub(crate) fn read(source: &Path, files: &[PathBuf]) -> Self {
        let module = |file: &PathBuf| {
            let file = file.strip_prefix(source).expect("a file of the crate").to_owned();
            let text = fs::read_to_string(source.join(&file)).expect("a source file");
            (names(&file), Module::new(file, text.parse().expect("Rust")))
        };
        Self(files.iter().map(module).collect())
    }

    /// A line for every circle among the files and folders of one folder.
    pub(crate) fn circles(&self) -> Vec<String> {
        let edges: Vec<[&Path; 2]> = self.edges().collect();
        let folders: BTreeSet<&Path> = self.0.values().flat_map(|module| module.file.ancestors().skip(1)).collect();
        folders.into_iter().filter_map(|folder| circle(folder, &edges)).collect()
    }

    fn edges(&self) -> impl Iterator<Item = [&Path; 2]> {
        let targets = |(at, module): (&'_ Names, &'_ Module)| {
            let resolved = module.paths.iter().filter_map(|path| self.resolve(at, path, 0));
            resolved.collect::<BTreeSet<_>>()
        };
        self.0.iter().flat_map(move |(at, module)| {
            targets((at, module)).into_iter().map(|to| [module.file.as_path(), self.0[&to].file.as_path()])
        })
    }

    /// The module that defines what a path of the module `at` names; `None` for one outside the crate.
    fn resolve(&self, at: &[String], path: &[String], steps: usize) -> Option<Names> {
        let (mut here, rest) = self.start(at, path)?;
        for (index, name) in rest.iter().enumerate() {
            here.push(name.clone());
            if self.0.contains_key(&here) {
                continue;
            }
            here.pop();
            let alias = self.0[&here].aliases.get(name).filter(|_| steps < MOST_STEPS);
            return match alias {
                Some(alias) => self.resolve(&here, &[alias, &rest[index + 1..]].concat(), steps + 1),
                None => Some(here),
            };
        }
        Some(here)
    }

    /// The module from which a path leads on, and what is left of the path.
    fn start<'p>(&self, at: &[String], path: &'p [String]) -> Option<(Names, &'p [String])> {
        let up = path.iter().take_while(|name| *name == "super").count();
        match path.first()?.as_str() {
            "crate" => Some((Names::new(), &path[1..])),
            "self" => Some((at.to_vec(), &path[1..])),
            "super" => Some((at[..at.len().checked_sub(up)?].to_vec(), &path[up..])),
            first => {
                let child = [at, &[first.to_owned()]].concat();
                (self.0.contains_key(&child) || self.0[at].aliases.contains_key(first)).then(|| (at.to_vec(), path))
            }
        }
    }
}

impl Module {
    fn new(file: PathBuf, tokens: TokenStream) -> Self {
        let (mut imports, mut paths, mut used) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
        read(tokens, &mut imports, &mut paths, &mut used);
        let followed = |import: &&Import| !import.public || used.get(&import.name).is_some_and(|count| *count > 0);
        paths.extend(imports.iter().filter(followed).map(|import| import.path.clone()));
        Self { file, aliases: imports.into_iter().map(|import| (import.name, import.path)).collect(), paths }
    }
}

/// `a/b.rs` and `a/b/mod.rs` → `a`, `b`.
fn names(file: &Path) -> Names {
    let names = file.with_extension("").iter().map(|name| name.to_str().expect("UTF-8").to_owned()).collect::<Vec<_>>();
    names.into_iter().filter(|name| !["lib", "main", "mod"].contains(&name.as_str())).collect()
}

/// Collects what a stream imports, the other paths in it, and how often each name stands in it, imports aside.
fn read(
    tokens: TokenStream,
    imports: &mut Vec<Import>,
    paths: &mut BTreeSet<Names>,
    used: &mut BTreeMap<String, usize>,
) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut at, mut public) = (0, false);
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Ident(ident) if ident == "use" => {
                let end = at + tokens[at..].iter().position(|token| is(token, ';')).unwrap_or(tokens.len() - at);
                import(&tokens[at + 1..end], &[], public, imports);
                at = end;
            }
            TokenTree::Ident(ident) if ident == "pub" => public = true,
            TokenTree::Ident(_) => {
                let (path, length) = path(&tokens[at..]);
                for name in &path {
                    *used.entry(name.clone()).or_default() += 1;
                }
                at += length - 1;
                paths.extend((path.len() > 1).then_some(path));
            }
            TokenTree::Group(group) if group.to_string().replace(' ', "") == "[cfg(test)]" => {
                at += tokens[at..].iter().position(ends_item).unwrap_or(tokens.len() - at);
            }
            TokenTree::Group(group) => read(group.stream(), imports, paths, used),
            token if is(token, ';') => public = false,
            _ => {}
        }
        public &= !ends_item(&tokens[at.min(tokens.len() - 1)]);
        at += 1;
    }
}

fn is(token: &TokenTree, punctuation: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == punctuation)
}

fn ends_item(token: &TokenTree) -> bool {
    is(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

/// The path that starts here, and its length in tokens.
fn path(tokens: &[TokenTree]) -> (Names, usize) {
    let (mut names, mut length) = (Vec::new(), 0);
    while let Some(TokenTree::Ident(ident)) = tokens.get(length) {
        names.push(ident.to_string());
        length += 1;
        match &tokens[length..] {
            [first, second, TokenTree::Ident(_), ..] if is(first, ':') && is(second, ':') => length += 2,
            _ => break,
        }
    }
    (names, length)
}

/// The names of `a::{b, c::d as e, f::*}` below a path.
fn import(tree: &[TokenTree], above: &[String], public: bool, imports: &mut Vec<Import>) {
    let (names, length) = path(tree);
    let whole = [above, &names].concat();
    match &tree[length..] {
        [.., TokenTree::Group(group)] => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            // Behind a last comma stands nothing.
            let parts = inner.split(|token| is(token, ',')).filter(|part| !part.is_empty());
            parts.for_each(|part| import(part, &whole, public, imports));
        }
        rest => {
            let mut path = whole;
            path.pop_if(|name| name == "self");
            let name = match rest {
                [.., TokenTree::Ident(name)] => name.to_string(),
                [.., star] if is(star, '*') => "*".to_owned(),
                _ => path.last().cloned().unwrap_or_default(),
            };
            imports.push(Import { name, path, public });
        }
    }
}

/// The first circle among the entries of a folder, with a file on each side of each arrow.
fn circle(folder: &Path, edges: &[[&Path; 2]]) -> Option<String> {
    let entry = |file: &Path| Some(file.strip_prefix(folder).ok()?.iter().next()?.to_owned());
    let mut arrows: BTreeMap<_, BTreeMap<_, String>> = BTreeMap::new();
    for [from, to] in edges {
        if let (Some(a), Some(b)) = (entry(from), entry(to))
            && a != b
        {
            let shown = format!("{} → {}", from.display(), to.display());
            arrows.entry(a).or_default().entry(b).or_insert(shown);
        }
    }
    // Whatever imports nothing that is left is in no circle.
    while let Some(free) = arrows.iter().find(|(_, to)| to.keys().all(|to| !arrows.contains_key(to))) {
        let free = free.0.clone();
        arrows.remove(&free);
    }
    let mut walk = vec![arrows.keys().next()?];
    loop {
        let to = arrows[*walk.last()?].keys().find(|to| arrows.contains_key(*to))?;
        if let Some(start) = walk.iter().position(|seen| *seen == to) {
            let cycle = [&walk[start..], &[to]].concat();
            let shown: Vec<&str> = cycle.windows(2).map(|pair| arrows[pair[0]][pair[1]].as_str()).collect();
            return Some(format!("{}: {}", folder.display(), shown.join(", ")));
        }
        walk.push(to);
    }
}

#[test]
fn circles_are_found_through_names_that_are_passed_on() {
    let crate_with = |b: &str| {
        let folder = tempfile::tempdir().unwrap();
        let text = [
            ("lib.rs", "mod a; mod b; pub use a::A;"),
            ("a.rs", "use super::b::{self, B}; pub struct A;"),
            ("b.rs", b),
        ];
        let files = text.map(|(name, text)| {
            fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name)
        });
        Imports::read(folder.path(), &files).circles()
    };
    assert_eq!(crate_with("fn f(_: crate::A) {} pub struct B;"), [": a.rs → b.rs, b.rs → a.rs"]);
    assert_eq!(crate_with("// crate::A\npub struct B; #[cfg(test)] mod tests { use crate::A; }"), [""; 0]);
}
