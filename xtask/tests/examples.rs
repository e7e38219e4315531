//! Every public item has an example in its documentation, which the steps "rust" and "live examples" run.
//!
//! The sources are read, so it does not depend on features, platforms or a nightly compiler. That what is called `pub` can be
//! reached is what the lint `unreachable_pub` sees to. Asked are functions, types, traits, constants and macros, and what
//! types and traits have: methods, constants, types. A method's example may stand at its type, trait or `impl`, if it has the
//! method's name. Not asked are fields, variants and modules, which the examples of types and items use.
//!
//! What C calls is exempt, because C's header is generated from these comments: it has to be used by C code of ours instead.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Attribute, Expr, ImplItem, Item, Lit, Meta, TraitItem, Type, Visibility};

const CRATES: [&str; 4] = ["bufproto-core", "bufproto-ffi", "bufproto-mock", "bufproto-py"];

/// Macros, by file and name, that define public items which cannot be seen here; and what stands in for them.
const UNSEEN: [(&str, &str, &str); 3] = [
    ("bufproto-ffi/src/api.rs", "functions", "`NAMES`, whose example stands where it is defined"),
    ("bufproto-core/src/element.rs", "ordered", "`Be` and `Le`, whose examples stand where they are defined"),
    ("bufproto-py/src/view.rs", "cfg_if", "`NativeView`, whose example stands at each of its definitions"),
];

/// What has no example, by crate and name, and why it needs none.
const EXEMPT: [(&str, &str, &str); 4] = [
    ("bufproto-ffi", "bufproto_functions", "called by the Python module, and by the example of `NAMES`"),
    ("bufproto-py", "get_buffer", "hidden where it is exported: what the macro `exporter!` calls"),
    ("bufproto-py", "release_buffer", "as `get_buffer`"),
    ("bufproto-py", "stable_reads", "as `get_buffer`"),
];

#[test]
fn every_public_item_has_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("crates");
    let used_by_c = c_sources(&root.join("bufproto-ffi"));
    let (mut seen, mut missing) = (0, Vec::new());
    let (mut unseen, mut exempt) = (UNSEEN.to_vec(), EXEMPT.to_vec());
    for name in CRATES {
        let found = Crate::read(&root, name);
        seen += found.items.len();
        for (file, macro_name) in &found.unseen {
            let known = unseen.iter().position(|(known, name, _)| file == known && macro_name == name);
            match known {
                Some(known) => drop(unseen.swap_remove(known)),
                None => missing.push(format!("{file}: public items of the macro {macro_name}: see UNSEEN")),
            }
        }
        for item in &found.items {
            let known = exempt.iter().position(|(krate, path, _)| name == *krate && item.path == *path);
            if item.has_example || name == "bufproto-ffi" && is_used_by_c(&used_by_c, &item.name) {
                continue;
            }
            match known {
                Some(known) => drop(exempt.swap_remove(known)),
                None => missing.push(format!("{}:{}: {} has no example", item.file, item.line, item.path)),
            }
        }
    }
    assert!(seen > 700, "only {seen} public items were found");
    assert!(missing.is_empty(), "{}\n{} in all", missing.join("\n"), missing.len());
    assert!(unseen.is_empty() && exempt.is_empty(), "no longer needed: {unseen:?} {exempt:?}");
}

/// What is looked for in the documentation.
struct Found {
    file: String,
    line: usize,
    /// The name, with that of the type before it.
    path: String,
    name: String,
    has_example: bool,
}

#[derive(Default)]
struct Crate {
    items: Vec<Found>,
    /// Macros that may define public items, by file and name.
    unseen: Vec<(String, String)>,
    /// The examples of types and traits, by file and by name.
    examples: BTreeMap<(String, String), Vec<String>>,
}

impl Crate {
    fn read(root: &Path, name: &str) -> Self {
        let mut files = Vec::new();
        sources(&root.join(name).join("src"), "rs", &mut files);
        let parsed: Vec<(String, syn::File)> = files
            .iter()
            .map(|path| {
                let text = fs::read_to_string(path).expect("a source file");
                let file =
                    path.strip_prefix(root).expect("it is in there").to_string_lossy().replace('\\', "/");
                let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
                (file, parsed)
            })
            .collect();
        let mut found = Self::default();
        for (file, parsed) in &parsed {
            found.note_types(file, &parsed.items);
        }
        for (file, parsed) in &parsed {
            found.walk(file, &parsed.items);
        }
        found
    }

    /// Remembers the examples of types, for their methods, which may stand in another file.
    fn note_types(&mut self, file: &str, items: &[Item]) {
        for item in items {
            let (attributes, name) = match item {
                Item::Struct(item) => (&item.attrs, &item.ident),
                Item::Enum(item) => (&item.attrs, &item.ident),
                Item::Union(item) => (&item.attrs, &item.ident),
                Item::Mod(item) => {
                    let inside = item.content.as_ref().map_or(&[][..], |(_, items)| items);
                    self.note_types(file, inside);
                    continue;
                }
                _ => continue,
            };
            self.examples.insert((file.to_owned(), name.to_string()), examples(attributes));
        }
    }

    fn walk(&mut self, file: &str, items: &[Item]) {
        for item in items {
            self.visit(file, item);
        }
    }

    fn visit(&mut self, file: &str, item: &Item) {
        let (attributes, visibility, name) = match item {
            Item::Fn(item) => (&item.attrs, &item.vis, &item.sig.ident),
            Item::Struct(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Enum(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Union(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Type(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Const(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Static(item) => (&item.attrs, &item.vis, &item.ident),
            Item::TraitAlias(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Trait(item) if !is_left_out(&item.attrs) => {
                self.note(file, &item.attrs, &item.vis, &item.ident, None);
                if is_public(&item.vis) {
                    self.visit_trait(file, item);
                }
                return;
            }
            Item::Impl(item) if item.trait_.is_none() && !is_left_out(&item.attrs) => {
                self.visit_methods(file, item);
                return;
            }
            // What is public in a module of this name keeps others from implementing a trait, and that is all.
            Item::Mod(item) if !is_left_out(&item.attrs) && item.ident != "sealed" => {
                self.walk(file, item.content.as_ref().map_or(&[][..], |(_, items)| items));
                return;
            }
            Item::Macro(item) if !is_left_out(&item.attrs) => {
                self.visit_macro(file, item);
                return;
            }
            _ => return,
        };
        self.note(file, attributes, visibility, name, None);
    }

    fn visit_trait(&mut self, file: &str, item: &syn::ItemTrait) {
        let around = examples(&item.attrs);
        for inner in &item.items {
            let (attributes, name) = match inner {
                TraitItem::Fn(inner) => (&inner.attrs, &inner.sig.ident),
                TraitItem::Const(inner) => (&inner.attrs, &inner.ident),
                TraitItem::Type(inner) => (&inner.attrs, &inner.ident),
                _ => continue,
            };
            self.note(file, attributes, &item.vis, name, Some((&item.ident.to_string(), &around)));
        }
    }

    fn visit_methods(&mut self, file: &str, item: &syn::ItemImpl) {
        let Type::Path(of) = &*item.self_ty else { return };
        let Some(of) = of.path.segments.last().map(|segment| segment.ident.to_string()) else { return };
        let mut around = examples(&item.attrs);
        around.extend(self.examples_of(file, &of));
        for inner in &item.items {
            let (attributes, visibility, name) = match inner {
                ImplItem::Fn(inner) => (&inner.attrs, &inner.vis, &inner.sig.ident),
                ImplItem::Const(inner) => (&inner.attrs, &inner.vis, &inner.ident),
                _ => continue,
            };
            self.note(file, attributes, visibility, name, Some((&of, &around)));
        }
    }

    /// The examples of a type: of the one in this file, else of the only one that has this name.
    fn examples_of(&self, file: &str, name: &str) -> Vec<String> {
        if let Some(examples) = self.examples.get(&(file.to_owned(), name.to_owned())) {
            return examples.clone();
        }
        let mut named = self.examples.iter().filter(|((_, other), _)| other == name);
        match (named.next(), named.next()) {
            (Some((_, examples)), None) => examples.clone(),
            _ => Vec::new(),
        }
    }

    fn visit_macro(&mut self, file: &str, item: &syn::ItemMacro) {
        match &item.ident {
            Some(name) if item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export")) => {
                let public = syn::parse_quote!(pub);
                self.note(file, &item.attrs, &public, name, None);
            }
            name => {
                let called = item.mac.path.segments.last().map(|segment| segment.ident.to_string());
                let name = name.as_ref().map_or(called.unwrap_or_default(), ToString::to_string);
                if defines_public(item.mac.tokens.clone()) {
                    let has_example = item.mac.tokens.to_string().contains("```");
                    let name = if has_example { name } else { format!("{name} without an example") };
                    self.unseen.push((file.to_owned(), name));
                }
            }
        }
    }

    fn note(
        &mut self,
        file: &str,
        attributes: &[Attribute],
        visibility: &Visibility,
        name: &syn::Ident,
        of: Option<(&str, &[String])>,
    ) {
        if !is_public(visibility) || is_left_out(attributes) {
            return;
        }
        let name_text = name.to_string();
        let around = of.map_or(&[][..], |(_, around)| around);
        let has_example =
            !examples(attributes).is_empty() || around.iter().any(|example| has_word(example, &name_text));
        self.items.push(Found {
            file: file.to_owned(),
            line: name.span().start().line,
            path: of.map_or(name_text.clone(), |(of, _)| format!("{of}::{name_text}")),
            name: name_text,
            has_example,
        });
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

/// Whether users do not see it: it is hidden, or there for tests only.
fn is_left_out(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let text = attribute.meta.to_token_stream().to_string();
        attribute.path().is_ident("doc") && text.contains("hidden")
            || attribute.path().is_ident("cfg") && (text.contains("doctest") || text == "cfg (test)")
            // The parts of the Python module, which other crates cannot name.
            || attribute.path().is_ident("pymodule")
    })
}

/// Whether there is a `pub` among the tokens that is not restricted.
fn defines_public(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let found = match token {
            TokenTree::Ident(word) if word == "pub" => !matches!(tokens.peek(), Some(TokenTree::Group(_))),
            TokenTree::Group(group) => defines_public(group.stream()),
            _ => false,
        };
        if found {
            return true;
        }
    }
    false
}

/// The examples in a comment that are compiled, and run unless compiling them has to fail.
fn examples(attributes: &[Attribute]) -> Vec<String> {
    let lines = attributes.iter().filter_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else { return None };
        let Expr::Lit(literal) = &pair.value else { return None };
        let Lit::Str(text) = &literal.lit else { return None };
        pair.path.is_ident("doc").then(|| text.value())
    });
    let mut found = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in lines.collect::<Vec<_>>().join("\n").lines() {
        let fence = line.trim().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(tags)) => open = Some((is_run(tags), String::new())),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (Some(_), Some(_)) => {
                let (is_run, text) = open.take().expect("it is open");
                if is_run && !text.trim().is_empty() {
                    found.push(text);
                }
            }
            (None, None) => {}
        }
    }
    found
}

/// Whether rustdoc runs an example with such tags.
fn is_run(tags: &str) -> bool {
    let known = |tag: &str| {
        ["rust", "should_panic", "compile_fail", "standalone_crate"].contains(&tag)
            || tag.starts_with("edition")
            || tag.starts_with('E') && tag[1..].chars().all(|digit| digit.is_ascii_digit())
    };
    tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).all(known)
}

/// Whether C code has something of the C face, which is renamed for C unless it is a function or a constant.
fn is_used_by_c(code: &str, name: &str) -> bool {
    let words = name.chars().fold("bufproto".to_owned(), |words, character| match character {
        'A'..='Z' => format!("{words}_{}", character.to_ascii_lowercase()),
        _ => format!("{words}{character}"),
    });
    has_word(code, name) || has_word(code, &words) || has_word(code, &format!("{words}_table"))
}

/// Whether a text has a word as a whole.
fn has_word(text: &str, word: &str) -> bool {
    let part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word)
        .any(|(start, _)| !text[..start].ends_with(part) && !text[start + word.len()..].starts_with(part))
}

/// The C code of a crate, without the header that is generated from the crate itself.
fn c_sources(folder: &Path) -> String {
    let mut files = Vec::new();
    for ending in ["c", "h"] {
        sources(&folder.join("tests"), ending, &mut files);
        sources(&folder.join("include"), ending, &mut files);
    }
    files.retain(|path| !path.ends_with("include/bufproto.h"));
    files.iter().map(|path| fs::read_to_string(path).expect("a source file")).collect()
}

/// The files of a folder, at any depth, whose names end in this way; in a stable order.
fn sources(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, ending, into);
        } else if path.extension().is_some_and(|extension| extension == ending) {
            into.push(path);
        }
    }
}

#[test]
fn only_what_runs_is_an_example() {
    let documented = |text: &str| -> Vec<String> {
        let lines: Vec<Attribute> = text.lines().map(|line| syn::parse_quote!(#[doc = #line])).collect();
        examples(&lines)
    };
    assert_eq!(documented("Words.\n```\nf();\n```\n```text\ng\n```"), ["f();\n"]);
    assert_eq!(documented("```compile_fail,E0505\nf();\n```"), ["f();\n"]);
    for nothing in ["Words.", "```ignore\nf();\n```", "```no_run\nf();\n```", "```c\nf();\n```", "```\n```"] {
        assert_eq!(documented(nothing), [""; 0], "{nothing}");
    }
    assert!(has_word("a.len()", "len") && !has_word("a.length()", "len") && !has_word("x_len()", "len"));
}

#[test]
fn an_item_without_an_example_is_found() {
    let mut found = Crate::default();
    let file: syn::File = syn::parse_quote! {
        /// ```
        /// T::with();
        /// ```
        pub struct T;
        impl T {
            pub fn with() {}
            pub fn without() {}
            fn private() {}
        }
        pub trait A { const C: u8; }
        #[doc(hidden)]
        pub fn hidden() {}
        m! { pub struct InMacro; }
    };
    found.note_types("f", &file.items);
    found.walk("f", &file.items);
    let missing: Vec<_> =
        found.items.iter().filter(|item| !item.has_example).map(|item| item.path.as_str()).collect();
    assert_eq!(missing, ["T::without", "A", "A::C"]);
    assert_eq!(found.unseen, [("f".to_owned(), "m without an example".to_owned())]);
}
