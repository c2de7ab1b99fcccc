//! The catalog a command works with, and the commands that show it.

use std::io::{self, Write};

use serde::Serialize;

use super::args::{CatalogArgs, CatalogView, ExplainArgs, RulesArgs, TextFormat};
use super::exit::{Exit, Failure};
use super::{protocols, rpc_interface, why};
use crate::catalog::{Catalog, Options, commands};

/// Loads the catalog the options name.
pub fn load(args: &RulesArgs) -> Result<Catalog, Failure> {
    let options = Options { builtin: !args.no_builtin_rules, with: args.with.clone(), rules: args.rules.clone() };
    Catalog::load(&options).map_err(|error| Failure::Usage(error.to_string()))
}

/// `flowlabel catalog ...`
pub fn catalog(args: &CatalogArgs) -> Result<Exit, Failure> {
    let catalog = load(&args.rules)?;
    let width = terminal_width();
    let json = args.format == TextFormat::Json;
    match args.view {
        CatalogView::List if json => print_json(&commands::list(&catalog))?,
        CatalogView::List => print(&commands::list_table(&catalog, width))?,
        CatalogView::Links if json => print_json(&commands::links(&catalog))?,
        CatalogView::Links => print(&commands::links_table(&catalog, width))?,
        CatalogView::Systems if json => print_json(&commands::systems(&catalog))?,
        CatalogView::Systems => print(&commands::systems_table(&catalog, width))?,
        CatalogView::Sources if json => print_json(&commands::sources(&catalog))?,
        CatalogView::Sources => print(&commands::sources_table(&catalog, width))?,
        CatalogView::Protocols if json => print_json(&protocols::rows(&catalog))?,
        CatalogView::Protocols => print(&protocols::table(&catalog, width))?,
        CatalogView::Check => return check(&catalog, json),
    }
    Ok(Exit::Done)
}

/// Findings are for whoever writes rules: they make the exit code 1.
fn check(catalog: &Catalog, json: bool) -> Result<Exit, Failure> {
    let findings = catalog.check();
    if json { print_json(&findings) } else { print(&commands::check_table(catalog, &findings)) }?;
    Ok(if findings.is_empty() { Exit::Done } else { Exit::Findings })
}

/// `flowlabel explain ...`
pub fn explain(args: &ExplainArgs) -> Result<Exit, Failure> {
    let catalog = load(&args.rules)?;
    if let Some((path, id)) = why::question(&args.what) {
        let record = why::find(path, id)?;
        return match args.format {
            TextFormat::Json => print_json(&record),
            TextFormat::Table => print(&why::text(&catalog, &record, terminal_width())),
        }
        .map(|()| Exit::Done);
    }
    if let Some(found) = rpc_interface::asked(&catalog, &args.what) {
        return match args.format {
            TextFormat::Json => print_json(&found),
            TextFormat::Table => print(&rpc_interface::text(&catalog, &found)),
        }
        .map(|()| Exit::Done);
    }
    let answer = commands::explain(&catalog, &args.what).map_err(|error| Failure::Usage(error.to_string()))?;
    if args.format == TextFormat::Json {
        print_json(&answer)?;
    } else {
        print(&commands::explain_text(&answer, terminal_width()))?;
    }
    Ok(Exit::Done)
}

/// Columns of the terminal, where there is one.
pub fn terminal_width() -> Option<usize> {
    use std::io::IsTerminal;
    let on_terminal = io::stdout().is_terminal();
    let size = if on_terminal { terminal_size::terminal_size() } else { None };
    size.map(|(width, _)| usize::from(width.0))
}

/// Writes a text to standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// Writes a value to standard output as JSON.
pub fn print_json<T: Serialize>(value: &T) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    text.push('\n');
    print(&text)
}
