//! The time that most of a capture happened in: what a clock that jumped put far away does not belong to it.

use super::series::SECOND;

/// From when to when there was something, in nanoseconds, and how many flows began in it.
pub(super) type Stay = (i128, i128, u64);

/// However short it all was, a pause is far only against this.
const SHORTEST: i128 = 60 * SECOND;
/// A pause of so many times the rest is far, if few flows lie behind it.
const FAR: i128 = 10;
/// So many times as many flows make the others few.
const FEW: u64 = 5;
/// A pause of so many times the rest is far, whatever lies behind it: nothing could be told apart in a plot of both.
const BEYOND: i128 = 1000;

fn extent((first, last): (i128, i128)) -> i128 {
    (last - first).max(SHORTEST)
}

/// The stays that are near to each other, as one; there is none of none.
pub(super) fn body(mut stays: Vec<Stay>) -> Option<Stay> {
    stays.sort_unstable();
    let mut clusters: Vec<Stay> = Vec::new();
    for (first, last, flows) in stays {
        match clusters.last_mut() {
            Some(cluster) if first <= cluster.1 => *cluster = (cluster.0, cluster.1.max(last), cluster.2 + flows),
            _ => clusters.push((first, last, flows)),
        }
    }
    grow(&clusters)
}

/// From the stay with most flows on, whatever is near to what there is by then.
fn grow(clusters: &[Stay]) -> Option<Stay> {
    let seed = (0..clusters.len()).max_by_key(|at| (clusters.get(*at).map(|cluster| cluster.2), std::cmp::Reverse(*at)))?;
    let (left, right) = clusters.split_at_checked(seed)?;
    let (body, right) = right.split_first()?;
    let (mut body, mut left, mut right) = (*body, left, right);
    loop {
        // The nearer neighbour first: it may bring the other one near.
        let before = left.last().map(|cluster| (body.0 - cluster.1, true));
        let after = right.first().map(|cluster| (cluster.0 - body.1, false));
        let mut sides: Vec<_> = before.into_iter().chain(after).collect();
        sides.sort_unstable();
        let behind = |is_left: bool| flows(if is_left { left } else { right });
        let near = sides.into_iter().find(|(pause, is_left)| !is_far(*pause, extent((body.0, body.1)), behind(*is_left), body.2));
        let Some((_, is_left)) = near else { return Some(body) };
        let (next, rest) = if is_left { left.split_last()? } else { right.split_first()? };
        *(if is_left { &mut left } else { &mut right }) = rest;
        body = (body.0.min(next.0), body.1.max(next.1), body.2 + next.2);
    }
}

fn is_far(pause: i128, extent: i128, few: u64, many: u64) -> bool {
    pause > BEYOND * extent || (pause > FAR * extent && few.saturating_mul(FEW) <= many)
}

fn flows(clusters: &[Stay]) -> u64 {
    clusters.iter().map(|(_, _, flows)| flows).sum()
}

/// The time of a body with one more flow; nothing where that flow reaches far beyond.
pub(super) fn joined((first, last, flows): Stay, (begins, ends): (i128, i128)) -> Option<(i128, i128)> {
    let beyond = (first - begins).max(0) + (ends - last).max(0);
    (!is_far(beyond, extent((first, last)), 1, flows)).then_some((first.min(begins), last.max(ends)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stay(first: i128, last: i128, flows: u64) -> Stay {
        (first * SECOND, last * SECOND, flows)
    }

    #[test]
    fn few_far_away_are_left_out_on_both_sides() {
        let morning = [stay(1000, 1060, 50), stay(1100, 1200, 50)];
        let all = [&[stay(0, 1, 2)], &morning[..], &[stay(99_000, 99_001, 3)]].concat();
        assert_eq!(body(all), Some(stay(0, 1200, 102)));
        let all = [&[stay(-9000, -8999, 2)], &morning[..], &[stay(99_000, 99_001, 3)]].concat();
        assert_eq!(body(all), Some(stay(1000, 1200, 100)));
    }

    #[test]
    fn what_is_far_on_one_side_does_not_bring_the_other_near() {
        let all = vec![stay(0, 1, 1), stay(1_600_000_000, 1_600_003_600, 1000), stay(2_000_000_000, 2_000_000_001, 1)];
        assert_eq!(body(all), Some(stay(1_600_000_000, 1_600_003_600, 1000)));
    }

    #[test]
    fn a_quiet_day_is_one_although_each_of_its_flows_is_short() {
        let day: Vec<_> = (0..96).map(|n| stay(n * 900, n * 900 + 1, 1 + u64::from(n == 40) * 10)).collect();
        assert_eq!(body(day), Some(stay(0, 85_501, 106)));
    }

    #[test]
    fn many_stay_until_nothing_could_be_told_apart() {
        assert_eq!(body(vec![stay(0, 60, 50), stay(3000, 3060, 40)]), Some(stay(0, 3060, 90)));
        assert_eq!(body(vec![stay(0, 60, 50), stay(90_000, 90_060, 40)]), Some(stay(0, 60, 50)));
    }

    #[test]
    fn a_flow_that_reaches_far_does_not_join() {
        let morning = stay(1000, 1600, 100);
        assert_eq!(joined(morning, (900 * SECOND, 1700 * SECOND)), Some((900 * SECOND, 1700 * SECOND)));
        assert_eq!(joined(morning, (0, 1_000_000 * SECOND)), None);
    }
}
