//! Pace: how long to wait before a request is sent again.
//!
//! Deliberately not here: whether it may be sent again (see `http`).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The waits between the tries of one request: what the service advises, else twice as long from
/// try to try, with jitter.
pub(super) struct Pace {
    own: ExponentialBackoff,
    /// How long it may still wait for a limit.
    left: Duration,
}

/// The longest wait that a service may ask for.
const LONGEST: Duration = Duration::from_secs(60);
const LONGEST_UNADVISED: Duration = Duration::from_secs(10);
/// What a wait for a limit counts at least.
const SHORTEST: Duration = Duration::from_secs(8);

impl Pace {
    /// The waits of at most so many tries; for a limit, of as long as those could take.
    pub fn new(tries: u32, first: Duration) -> Self {
        let waits = tries.saturating_sub(1);
        let own = ExponentialBuilder::default()
            .with_min_delay(first)
            .with_max_delay(LONGEST_UNADVISED)
            .with_max_times(waits as usize)
            .with_jitter()
            .with_jitter_seed(rand::random())
            .build();
        Pace {
            own,
            left: LONGEST * waits,
        }
    }

    /// The next wait; `None` when there were enough tries.
    pub fn next(&mut self, advised: Option<Duration>) -> Option<Duration> {
        let own = self.own.next()?;
        Some(advised.unwrap_or(own).min(LONGEST))
    }

    /// The same after a refusal that is about a limit alone. As long as the service says when to come back, that is no
    /// trouble: requests that share a tight limit are refused again and again.
    pub fn limited(&mut self, advised: Option<Duration>) -> Option<Duration> {
        // "At once" is no advice that could be followed for long.
        let Some(wait) = advised.filter(|wait| !wait.is_zero()) else {
            return self.next(advised);
        };
        let wait = wait.min(LONGEST);
        self.left = self.left.checked_sub(wait.max(SHORTEST))?;
        Some(wait)
    }
}

/// A header's date in milliseconds.
pub(super) fn date(text: &str) -> Option<i64> {
    let parser = jiff::fmt::rfc2822::DateTimeParser::new();
    parser
        .parse_timestamp(text)
        .ok()
        .map(|at| at.as_millisecond())
}

/// What an answer says about waiting.
pub(super) struct Advice {
    /// How long to wait before the same request is sent again.
    pub one: Option<Duration>,
    /// How long to wait before any request is sent.
    pub all: Duration,
}

impl Advice {
    /// Reads it from a status, the headers, and what the header `Date` says in milliseconds: dates are the service's, and
    /// so is the clock to read them by.
    pub fn of<'h>(
        status: u16,
        header: &dyn Fn(&str) -> Option<&'h str>,
        dated: Option<i64>,
    ) -> Self {
        let dated = dated.and_then(|at| u64::try_from(at).ok());
        let now = dated.map_or_else(SystemTime::now, |at| UNIX_EPOCH + Duration::from_millis(at));
        let left = header("x-ratelimit-remaining").and_then(|left| left.trim().parse::<f64>().ok());
        // The limit's headers are on every answer; they matter when the limit is reached.
        let reached = status == 429 || left.is_some_and(|left| left <= 0.0);
        let reset = header("x-ratelimit-reset").filter(|_| reached);
        let one = advised_wait(header("retry-after"), reset, now);
        let all = one.filter(|_| reached).unwrap_or_default().min(LONGEST);
        Advice { one, all }
    }
}

/// How long the service wants us to wait: `Retry-After` in seconds or as a date, else
/// `x-ratelimit-reset`, which is an epoch above 10^9 and a delay below (PA section 1).
fn advised_wait(
    retry_after: Option<&str>,
    reset: Option<&str>,
    now: SystemTime,
) -> Option<Duration> {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let until = |seconds: f64| {
        let wait = (seconds - now.as_secs_f64()).max(0.0);
        Duration::try_from_secs_f64(wait).ok()
    };
    let after = retry_after
        .map(str::trim)
        .and_then(|after| match after.parse::<f64>() {
            Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
            Err(_) => until((date(after)? / 1000) as f64),
        });
    let reset = || {
        let seconds = reset?.trim().parse::<f64>().ok()?;
        if seconds > 1e9 {
            // No epoch in seconds has eleven digits before the year 2286: milliseconds.
            until(if seconds > 1e10 {
                seconds / 1000.0
            } else {
                seconds
            })
        } else {
            Duration::try_from_secs_f64(seconds).ok()
        }
    };
    after.or_else(reset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_read_in_every_spelling() {
        let now = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let seconds = |wait: Option<Duration>| wait.map(|wait| wait.as_secs_f64());
        let after = |text| seconds(advised_wait(Some(text), None, now));
        assert_eq!(after("7"), Some(7.0));
        assert_eq!(after("Tue, 14 Nov 2023 22:13:50 GMT"), Some(30.0));
        assert_eq!(after("Thu, 14 Nov 2013 22:13:50 GMT"), Some(0.0));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-1"), None);
        let reset = |text| seconds(advised_wait(None, Some(text), now));
        assert_eq!(reset("1700000005"), Some(5.0));
        assert_eq!(reset("1700000005000"), Some(5.0));
        assert_eq!(reset("1600000000"), Some(0.0));
        assert_eq!(reset("12"), Some(12.0));
        assert_eq!(reset("NaN"), None);
        assert_eq!(seconds(advised_wait(Some("3"), Some("12"), now)), Some(3.0));
        assert_eq!(advised_wait(None, None, now), None);
    }

    #[test]
    fn waits_grow_end_and_are_never_longer_than_a_minute() {
        let mut pace = Pace::new(4, Duration::from_millis(100));
        let advised = pace.next(Some(Duration::from_secs(3600)));
        assert_eq!(advised, Some(Duration::from_secs(60)));
        let second = pace.next(None).unwrap();
        assert!((200..=400).contains(&second.as_millis()), "{second:?}");
        let third = pace.next(None).unwrap();
        assert!((400..=800).contains(&third.as_millis()), "{third:?}");
        assert_eq!(pace.next(None), None);

        // A limit may last as long as that many of the longest waits.
        let waits = |secs| {
            let mut pace = Pace::new(4, Duration::ZERO);
            let advice = Some(Duration::from_secs(secs));
            std::iter::from_fn(|| pace.limited(advice)).count()
        };
        assert_eq!([waits(70), waits(1), waits(0)], [3, 22, 3]);
    }
}
