//! The book: its printed pages are what the program prints today, every page is in its table of contents, and no link
//! leads nowhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tributary_tests::{pages, rig};

/// Says that printed pages are to be written instead of compared.
const UPDATE: &str = "UPDATE_DOCS";

#[test]
fn the_printed_pages_of_the_book_are_what_the_program_prints() {
    rig::run(compare_pages);
}

async fn compare_pages() {
    let docs = pages::root().join("docs");
    let update = std::env::var_os(UPDATE).is_some_and(|value| value == "1");
    assert!(!update || std::env::var_os("CI").is_none(), "{UPDATE} is for people, not for CI");
    let mut wrong = Vec::new();
    let mut known = BTreeSet::new();
    for page in pages::all().await {
        let path = docs.join(&page.path);
        known.insert(path.clone());
        if update {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &page.text).unwrap();
        } else if fs::read_to_string(&path).ok().as_deref() != Some(page.text.as_str()) {
            wrong.push(page.path);
        }
    }
    let left: Vec<_> =
        markdown(&docs.join("reference")).into_iter().filter(|path| !known.contains(path)).collect();
    assert!(left.is_empty(), "pages that nothing prints any more: {left:?}");
    assert!(
        wrong.is_empty(),
        "these pages are not what the program prints; run {UPDATE}=1 cargo nextest run -p tributary-tests docs:: and read the \
         difference: {wrong:?}"
    );
}

#[test]
fn every_page_is_in_the_table_of_contents_and_every_relative_link_leads_somewhere() {
    let docs = pages::root().join("docs");
    let contents = fs::read_to_string(docs.join("SUMMARY.md")).unwrap();
    let mut faults = Vec::new();
    for path in markdown(&docs) {
        let relative = path.strip_prefix(&docs).unwrap().to_string_lossy().into_owned();
        if relative != "SUMMARY.md" && !contents.contains(&format!("({relative})")) {
            faults.push(format!("{relative} is not in SUMMARY.md"));
        }
        for target in links(&fs::read_to_string(&path).unwrap()) {
            if !path.parent().unwrap().join(&target).exists() {
                faults.push(format!("{relative}: {target} is missing"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(markdown(&path));
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The files that a page links to, without those on the web and places inside a page.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        if fenced {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split([')', ' ', '#']).next().unwrap();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target.to_owned());
            }
        }
    }
    found
}
