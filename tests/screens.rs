//! Whole screens of the live view, at the sizes that matter, against files in `tests/screens`. `UPDATE_GOLDEN=1 cargo test --test screens` writes them
//! anew, to be looked at in review.

#![cfg(test)]
#![cfg(feature = "live")]

mod support;

use std::path::Path;

use flowlabel::capture::{Options, open};
use flowlabel::catalog::{self, Catalog};
use flowlabel::engine;
use flowlabel::flow::Settings;
use flowlabel::pipeline;
use flowlabel::record::{Drops, Evidence, Verdict};
use flowlabel::tui::draw::draw;
use flowlabel::tui::{Board, Scene, Stats, Ui};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

const DEMO: &str = "fixtures/demo/segment/capture.pcap";
const SIZES: [(u16, u16); 2] = [(80, 24), (200, 50)];

fn catalog() -> Catalog {
    Catalog::load(&catalog::Options { builtin: true, ..Default::default() }).unwrap()
}

/// What stands on the board after a capture has passed by.
fn board_of(capture: &str, catalog: &Catalog) -> Board {
    let capture = support::repository(capture);
    let mut source = open(&[capture], &Options::default()).unwrap();
    let announced = std::sync::Mutex::new(Vec::new());
    let hear = |harvest: flowlabel::flow::Harvest| announced.lock().unwrap().extend(harvest.announcements);
    let outcome = pipeline::run(&mut *source, Settings::default(), 1, hear, &|_| {});
    let mut board = Board::default();
    let heard = engine::Heard::default();
    let mut ledger = engine::Ledger::default();
    let news = engine::News { announcements: announced.into_inner().unwrap(), ..Default::default() };
    ledger.revise(&engine::Memory::default(), news, outcome.flows());
    let mut last = None;
    for flow in outcome.flows() {
        let mut record = engine::record(flow, &engine::Carriers::default(), Some(catalog), &heard);
        // What recognizers say in detail is theirs to change.
        record.detail = None;
        if let Some(record) = last.replace(record) {
            board.ended(&record);
        }
    }
    board.tick();
    board.under_way(&last.unwrap());
    board.tick();
    board.listen(&ledger.newest_endpoints(100, catalog));
    board
}

fn stats(drops: Drops) -> Stats {
    Stats {
        interfaces: "eth0, eth1".to_owned(),
        elapsed: 3725,
        packets: 1_234_567,
        bytes: 987_654_321,
        packet_history: (0..60).map(|second| second * second).collect(),
        byte_history: (0..60).map(|second| second * second * 800).collect(),
        drops,
        ending: false,
    }
}

/// The same, and then it was found out what the flow to port 6789 is.
fn board_after_an_update(catalog: &Catalog) -> Board {
    let mut board = board_of(DEMO, catalog);
    let demo = support::repository(DEMO);
    let mut source = open(&[demo], &Options::default()).unwrap();
    let outcome = pipeline::run(&mut *source, Settings::default(), 1, |_| {}, &|_| {});
    let (carriers, heard) = (engine::Carriers::default(), engine::Heard::default());
    let record = |flow| engine::record(flow, &carriers, Some(catalog), &heard);
    let flow = outcome.flows().find(|flow| record(flow).server.port == Some(6789)).unwrap();
    let mut after = record(flow);
    (after.label, after.verdict, after.evidence) = (Some("RPC"), Some(Verdict::Matched), Some(Evidence::Learned));
    after.flags.clear();
    after.reason = Some("The endpoint mapper announced it.".into());
    board.updated(&record(flow), &after);
    board
}

/// Presses keys, and draws.
fn screen(board: &Board, catalog: &Catalog, keys: &[KeyCode], drops: Drops, (width, height): (u16, u16)) -> String {
    let stats = stats(drops);
    let scene = Scene { board, stats: &stats, catalog, color: false };
    let mut ui = Ui::default();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, &scene, &mut ui)).unwrap();
    for code in keys {
        ui.key(KeyEvent::new(*code, KeyModifiers::NONE), board);
    }
    terminal.draw(|frame| draw(frame, &scene, &mut ui)).unwrap();
    let buffer = terminal.backend().buffer();
    let lines = buffer.content().chunks(usize::from(width)).map(|cells| {
        let line: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        line.trim_end().to_owned() + "\n"
    });
    lines.collect()
}

fn check(name: &str, keys: &[KeyCode], drops: Drops) {
    check_of(DEMO, name, keys, drops);
}

fn check_of(capture: &str, name: &str, keys: &[KeyCode], drops: Drops) {
    check_board(name, |catalog| board_of(capture, catalog), keys, drops);
}

fn check_board(name: &str, board: impl Fn(&Catalog) -> Board, keys: &[KeyCode], drops: Drops) {
    check_at(&SIZES, name, board, keys, drops);
}

fn check_at(sizes: &[(u16, u16)], name: &str, board: impl Fn(&Catalog) -> Board, keys: &[KeyCode], drops: Drops) {
    let catalog = catalog();
    let board = board(&catalog);
    for size in sizes {
        let actual = screen(&board, &catalog, keys, drops, *size);
        let path = support::repository("tests/screens").join(format!("{name}-{}x{}.txt", size.0, size.1));
        if support::is_asked_for("UPDATE_GOLDEN") {
            write(&path, &actual);
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(expected == actual, "{} differs; now it is:\n{actual}", path.display());
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What the ledger learned of real servers: each line by tshark's reading of `fixtures/servers/samba-clients`.
#[test]
fn learned_endpoints() {
    check_of("fixtures/servers/samba-clients/capture.pcap", "endpoints", &typed("4"), Drops::default());
}

#[test]
fn an_endpoint_leads_to_its_flows() {
    let keys = [typed("4"), vec![KeyCode::End, KeyCode::Enter]].concat();
    let catalog = catalog();
    let board = board_of("fixtures/servers/samba-clients/capture.pcap", &catalog);
    let screen = screen(&board, &catalog, &keys, Drops::default(), SIZES[0]);
    assert!(screen.contains("filter 10.77.0.1:49154"), "{screen}");
    assert!(screen.contains("10.77.0.21:") && !screen.contains("→ 10.77.0.1:135"), "{screen}");
}

fn typed(text: &str) -> Vec<KeyCode> {
    text.chars().map(KeyCode::Char).collect()
}

#[test]
fn overview() {
    check("overview", &[], Drops::default());
}

#[test]
fn flagged_flows_sorted_by_bytes() {
    check("flagged", &typed("3s"), Drops::default());
}

#[test]
fn one_flagged_flow_explained() {
    check("detail", &[typed("3"), vec![KeyCode::Enter]].concat(), Drops::default());
}

#[test]
fn help() {
    check("help", &typed("?"), Drops::default());
}

#[test]
fn a_filter_being_typed() {
    check("filter", &typed("2/dns 10.1.0.5"), Drops::default());
}

#[test]
fn paused() {
    check("paused", &typed("p"), Drops::default());
}

/// What matters most is seen where there is hardly any room.
#[test]
fn the_smallest_screens() {
    let lost = Drops { kernel: 1200, ..Drops::default() };
    let enter = |keys: &str| [typed(keys), vec![KeyCode::Enter]].concat();
    for (name, keys, drops) in [
        ("overview", vec![], Drops::default()),
        ("newest", typed("2"), Drops::default()),
        ("flagged-lost-paused", typed("p3"), lost),
        ("detail", enter("3"), Drops::default()),
        ("help", typed("?"), Drops::default()),
        ("endpoints", typed("4"), Drops::default()),
        ("filter", typed("2/dns"), Drops::default()),
    ] {
        check_at(&[(20, 5), (40, 12)], name, |catalog| board_of(DEMO, catalog), &keys, drops);
    }
}

#[test]
fn a_label_and_one_more_word_are_a_filter() {
    let keys = [vec![KeyCode::Enter], typed("/10.1.0.99"), vec![KeyCode::Enter]].concat();
    let catalog = catalog();
    let screen = screen(&board_of(DEMO, &catalog), &catalog, &keys, Drops::default(), SIZES[0]);
    assert!(screen.contains("filter HTTP 10.1.0.99\n") && screen.contains("2 Newest 1 "), "{screen}");
}

#[test]
fn loss_with_what_helps() {
    check("loss", &[], Drops { kernel: 1200, interface: 34, flowlabel: 0 });
}

#[test]
fn a_flow_that_was_learned_after_its_end_moves_to_its_label() {
    check_board("updated", board_after_an_update, &[], Drops::default());
}
