//! `flowlabel interfaces`: what there is to capture.

use super::args::{InterfacesArgs, TextFormat};
use super::exit::{Exit, Failure};
use super::rules::{print, print_json, terminal_width};
use crate::capture::live::{Device, devices};
use crate::catalog::commands::Table;
use crate::record::escape::visible;

/// Lists the interfaces.
pub fn run(args: &InterfacesArgs) -> Result<Exit, Failure> {
    let devices = devices().map_err(|reason| Failure::Usage(format!("cannot list the interfaces: {reason}")))?;
    match args.format {
        TextFormat::Json => print_json(&devices)?,
        TextFormat::Table => print(&table(&devices).render(terminal_width()))?,
    }
    Ok(Exit::Done)
}

fn table(devices: &[Device]) -> Table {
    let mut table = Table::new(&["INTERFACE", "STATE", "LINK TYPES", "ADDRESSES", "CAPTURE"]);
    for device in devices {
        let addresses: Vec<_> = device.addresses.iter().map(ToString::to_string).collect();
        let capture = device.reason.as_ref().map_or("yes".to_owned(), |reason| format!("no: {}", visible(reason)));
        let (name, links) = (visible(&device.name).into_owned(), device.link_types.join(", "));
        table.row([name, device.state.to_owned(), links, addresses.join(", "), capture]);
    }
    table
}
