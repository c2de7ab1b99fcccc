//! Where nodes and ribbons go: two columns, and ribbons between them whose ends are stacked at their nodes.

use std::collections::BTreeMap;

use crate::report::html::pairs::Exchange;

/// The height of a node's line.
pub(super) const PITCH: f64 = 34.0;
/// The thickest ribbon.
const THICKEST: f64 = 18.0;
/// What stays free between the ribbons of two nodes.
const GAP: f64 = 6.0;

/// A ribbon between the nodes of these numbers.
pub(super) struct Ribbon {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) exchange: Exchange,
    /// Top and bottom at its two ends.
    pub(super) left: (f64, f64),
    pub(super) right: (f64, f64),
}

impl Ribbon {
    fn thickness(&self, heaviest: u64) -> f64 {
        1.5 + (self.exchange.amount.bytes as f64 / heaviest.max(1) as f64).sqrt() * (THICKEST - 1.5)
    }
}

/// Both columns in order, and the ribbons.
pub(super) struct Layout<N> {
    pub(super) clients: Vec<N>,
    pub(super) servers: Vec<N>,
    pub(super) ribbons: Vec<Ribbon>,
    pub(super) height: f64,
}

/// What goes from whom to whom.
pub(super) type Edges<N> = BTreeMap<(N, N), Exchange>;

/// Servers keep their order; clients stand across from what they ask most, so that fewer ribbons cross. `last` says which stay last.
pub(super) fn layout<N: Ord + Copy>(
    mut clients: Vec<N>,
    servers: Vec<N>,
    edges: &Edges<N>,
    last: impl Fn(N) -> bool,
) -> Layout<N> {
    let place = |node: N| servers.iter().position(|other| *other == node).unwrap_or(0);
    let mut centres: BTreeMap<N, (f64, f64)> = BTreeMap::new();
    for ((from, to), exchange) in edges {
        let weight = exchange.amount.bytes as f64 + 1.0;
        let centre = centres.entry(*from).or_default();
        *centre = (centre.0 + place(*to) as f64 * weight, centre.1 + weight);
    }
    let centre = |node: &N| centres.get(node).map_or(0.0, |(sum, weight)| sum / weight);
    clients.sort_by(|a, b| last(*a).cmp(&last(*b)).then(centre(a).total_cmp(&centre(b))).then(a.cmp(b)));
    let ribbon = |((from, to), exchange): (&(N, N), &Exchange)| Ribbon {
        from: clients.iter().position(|node| node == from).unwrap_or(0),
        to: place(*to),
        exchange: *exchange,
        left: (0.0, 0.0),
        right: (0.0, 0.0),
    };
    let mut ribbons: Vec<_> = edges.iter().map(ribbon).collect();
    let height = clients.len().max(servers.len()) as f64 * PITCH;
    let heaviest = ribbons.iter().map(|ribbon| ribbon.exchange.amount.bytes).max().unwrap_or(0);
    ribbons.sort_by_key(|ribbon| (ribbon.from, ribbon.to));
    let line = |nodes: usize| (nodes, height);
    attach(&mut ribbons, line(clients.len()), heaviest, |ribbon| ribbon.from, |ribbon, ends| ribbon.left = ends);
    ribbons.sort_by_key(|ribbon| (ribbon.to, ribbon.from));
    attach(&mut ribbons, line(servers.len()), heaviest, |ribbon| ribbon.to, |ribbon, ends| ribbon.right = ends);
    Layout { clients, servers, ribbons, height }
}

/// Stacks the ends of the ribbons at each node, which is never thicker than its line.
fn attach(
    ribbons: &mut [Ribbon],
    (nodes, height): (usize, f64),
    heaviest: u64,
    node: impl Fn(&Ribbon) -> usize,
    set: impl Fn(&mut Ribbon, (f64, f64)),
) {
    for at in 0..nodes {
        let whole: f64 = ribbons.iter().filter(|ribbon| node(ribbon) == at).map(|ribbon| ribbon.thickness(heaviest)).sum();
        let scale = ((PITCH - GAP) / whole.max(1.0)).min(1.0);
        let middle = (at as f64 + 0.5) * height / nodes as f64;
        let mut top = middle - whole * scale / 2.0;
        for ribbon in ribbons.iter_mut().filter(|ribbon| node(ribbon) == at) {
            let bottom = top + ribbon.thickness(heaviest) * scale;
            set(ribbon, (top, bottom));
            top = bottom;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tally::Amount;

    fn edges(all: &[(u32, u32, u64)]) -> Edges<u32> {
        let exchange = |bytes| Exchange { amount: Amount { flows: 1, packets: 1, bytes }, flagged: 0 };
        all.iter().map(|(from, to, bytes)| ((*from, *to), exchange(*bytes))).collect()
    }

    /// Ends at one side: where each node's ribbons begin and end, in order.
    fn ends(layout: &Layout<u32>, side: impl Fn(&Ribbon) -> (usize, (f64, f64))) -> Vec<(usize, f64, f64)> {
        let mut ends: Vec<_> = layout.ribbons.iter().map(side).map(|(node, (top, bottom))| (node, top, bottom)).collect();
        ends.sort_by(|a, b| a.1.total_cmp(&b.1));
        ends
    }

    #[test]
    fn ribbons_stay_inside_of_the_lines_of_their_nodes_and_never_overlap() {
        let all: Vec<_> = (0..40).map(|n| (n % 7, n % 11, u64::from(n * n * n))).collect();
        let layout = layout((0..7).collect(), (0..11).collect(), &edges(&all), |_| false);
        assert_eq!((layout.ribbons.len(), layout.height), (40, 11.0 * PITCH));
        for (side, nodes) in
            [(ends(&layout, |ribbon| (ribbon.from, ribbon.left)), 7.0), (ends(&layout, |ribbon| (ribbon.to, ribbon.right)), 11.0)]
        {
            for (node, top, bottom) in &side {
                let line = layout.height / nodes;
                assert!(
                    *top >= *node as f64 * line && *bottom <= (*node + 1) as f64 * line && top < bottom,
                    "{node} {top} {bottom}"
                );
            }
            assert!(side.windows(2).all(|pair| pair[0].2 <= pair[1].1 + 1e-6), "{side:?}");
        }
    }

    #[test]
    fn clients_stand_across_from_what_they_ask_and_the_rest_is_last() {
        let all = edges(&[(1, 12, 100), (2, 10, 100), (3, 11, 100), (9, 10, 500)]);
        let layout = layout(vec![9, 1, 2, 3], vec![10, 11, 12], &all, |node| node == 9);
        assert_eq!(layout.clients, [2, 3, 1, 9]);
        assert_eq!(layout.servers, [10, 11, 12]);
    }

    #[test]
    fn the_heaviest_ribbon_is_the_thickest() {
        let layout = layout(vec![1, 2], vec![3, 4], &edges(&[(1, 3, 1_000_000), (2, 4, 100)]), |_| false);
        let thickness: Vec<_> = layout.ribbons.iter().map(|ribbon| ribbon.left.1 - ribbon.left.0).collect();
        assert!((thickness[0] - THICKEST).abs() < 0.1 && thickness[1] < 3.0, "{thickness:?}");
    }
}
