//! All commands at once: what every one of them has to have, and that the README names them.

use clap::{Command, CommandFactory as _};

use super::Arguments;

/// Every command that does something, with the words that call it.
fn leaves(command: &Command, path: &str, found: &mut Vec<(String, Command)>) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        let path = format!("{path} {}", sub.get_name()).trim().to_owned();
        if sub.has_subcommands() {
            leaves(sub, &path, found);
        } else {
            found.push((path, sub.clone()));
        }
    }
}

fn all() -> Vec<(String, Command)> {
    let mut found = Vec::new();
    leaves(&Arguments::command(), "", &mut found);
    found
}

#[test]
fn the_arguments_do_not_contradict_each_other() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_and_every_argument_says_what_it_is_for() {
    for (path, command) in all() {
        assert!(command.get_about().is_some(), "{path} has no about-text");
        for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
            assert!(argument.get_help().is_some(), "{path}: {} has no help", argument.get_id());
        }
    }
}

#[test]
fn examples_in_the_help_are_commands_that_can_be_read() {
    let mut examples = 0;
    for (path, command) in all() {
        let Some(help) = command.get_after_help() else { continue };
        let help = help.to_string().replace("\\\n", " ");
        for line in help.lines().filter_map(|line| line.trim().strip_prefix("tributary ")) {
            let words = line.split(" > ").next().unwrap().split_whitespace();
            let read = Arguments::command().try_get_matches_from(std::iter::once("tributary").chain(words));
            assert!(read.is_ok(), "{path}: {line}: {}", read.unwrap_err());
            assert!(line.starts_with(&path), "{path}: {line}");
            examples += 1;
        }
    }
    assert!(examples > 15, "{examples}");
}

#[test]
fn the_readme_lists_exactly_the_commands_that_exist() {
    let readme = include_str!("../../../README.md");
    let rows = readme.lines().skip_while(|line| !line.starts_with("| command |")).skip(2);
    let mut listed: Vec<String> = rows
        .take_while(|line| line.starts_with("| "))
        .flat_map(|line| {
            // The first cell holds one command in each pair of backquotes; what a command takes is in capitals, in
            // brackets or begins with a dash.
            let cell = line.trim_start_matches("| ").split(" | ").next().unwrap();
            let commands = cell.split('`').skip(1).step_by(2).map(str::to_owned);
            commands.collect::<Vec<_>>()
        })
        .map(|text| {
            let is_word = |word: &&str| word.starts_with(|letter: char| letter.is_ascii_lowercase());
            text.split_whitespace().take_while(is_word).collect::<Vec<_>>().join(" ")
        })
        .collect();
    let mut existing: Vec<String> = all().into_iter().map(|(path, _)| path).collect();
    listed.sort();
    existing.sort();
    assert_eq!(listed, existing);
}
