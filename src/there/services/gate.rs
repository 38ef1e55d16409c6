//! Gate: a service that asks for a pause gets it from all requests at once.
//!
//! Limits are counted over all requests of an organization (PA section 1), so that one refusal says something about
//! those that are still to come. Deliberately not here: what the service asked for (see `pace`) and whether a request is
//! sent again (see `http`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// Shut until a moment that only moves on.
pub(super) struct Gate {
    made: Instant,
    /// Milliseconds after `made`.
    until: AtomicU64,
}

impl Gate {
    /// An open gate.
    pub fn new() -> Self {
        Gate {
            made: Instant::now(),
            until: AtomicU64::new(0),
        }
    }

    /// Shuts it for so long, unless it is shut for longer already.
    pub fn shut(&self, now: Instant, wait: Duration) {
        if wait.is_zero() {
            return;
        }
        let until = now.saturating_duration_since(self.made) + wait;
        // Up, as a moment too early is another refusal.
        let until = u64::try_from(until.as_millis() + 1).unwrap_or(u64::MAX);
        self.until.fetch_max(until, Ordering::Relaxed);
    }

    /// How long it stays shut; `None`: it is open.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let until = Duration::from_millis(self.until.load(Ordering::Relaxed));
        let left = until.checked_sub(now.saturating_duration_since(self.made))?;
        (!left.is_zero()).then_some(left)
    }

    /// Waits until it is open.
    pub async fn opens(&self) {
        // It may be shut again while we wait.
        while let Some(left) = self.left(Instant::now()) {
            tokio::time::sleep(left).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::json;
    use tokio::task::JoinSet;

    use super::*;
    use crate::there::services::script::{Reply, Script, port_basics, port_reader, raw};

    #[test]
    fn a_gate_opens_by_itself_and_never_earlier_than_it_was_told() {
        let gate = Gate::new();
        let second = Duration::from_secs(1);
        let now = Instant::now();
        assert_eq!(gate.left(now), None);
        gate.shut(now, Duration::ZERO);
        assert_eq!(gate.left(now), None);
        gate.shut(now, 3 * second);
        gate.shut(now, second);
        assert!(gate.left(now).unwrap() >= 3 * second);
        gate.shut(now + second, 4 * second);
        assert!(gate.left(now + 4 * second).unwrap() >= second);
        assert_eq!(gate.left(now + 6 * second), None);
    }

    /// Whether a second request is held back after the first one was answered like this.
    async fn holds_back(first: fn() -> Reply) -> bool {
        let script = Script::start(move |seen, _| match seen.call.as_str() {
            "GET /v1/first" => first(),
            _ => port_basics(seen).unwrap_or_else(|| Reply::Json(200, json!({"ok": true}))),
        })
        .await;
        let reader = Arc::new(port_reader(&script));
        let port = || reader.port().unwrap();
        reader.log_in().await.unwrap();
        let other = reader.clone();
        let first = tokio::spawn(async move { other.port_get("/v1/first").await });
        // The answer of the first one is there when the gate is shut, or else when it is given up or done.
        let held = || port().http.gate.left(Instant::now()).is_some();
        while !held() && !first.is_finished() {
            tokio::task::yield_now().await;
        }
        if !held() {
            return false;
        }
        let other = reader.clone();
        let second = tokio::spawn(async move { other.port_get("/v1/second").await });
        // Another client of the same server is free, and is done before the second request has even begun.
        port_reader(&script).port_get("/v1/third").await.unwrap();
        assert_eq!(script.of("GET /v1/third").len(), 1);
        assert_eq!(script.of("GET /v1/second").len(), 0);
        assert_eq!(script.of("GET /v1/first").len(), 1);
        first.abort();
        second.abort();
        true
    }

    #[tokio::test]
    async fn advice_to_wait_holds_up_every_request_of_the_service() {
        let advice: [fn() -> Reply; 4] = [
            || raw("429 Slow", "retry-after: 3600\r\n", "{}"),
            || raw("429 Slow", "x-ratelimit-reset: 3600\r\n", "{}"),
            || {
                raw(
                    "429 Slow",
                    "date: Sun, 06 Nov 1994 08:49:37 GMT\r\nretry-after: Sun, 06 Nov 1994 09:49:37 GMT\r\n",
                    "{}",
                )
            },
            || {
                raw(
                    "200 OK",
                    "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 3600\r\n",
                    "{\"ok\": true}",
                )
            },
        ];
        for (index, advice) in advice.into_iter().enumerate() {
            assert!(holds_back(advice).await, "{index}");
        }
    }

    #[tokio::test]
    async fn without_advice_and_with_something_left_nobody_waits() {
        let none: [fn() -> Reply; 4] = [
            || raw("429 Slow", "", "{}"),
            || raw("429 Slow", "retry-after: 0\r\n", "{}"),
            || raw("200 OK", "x-ratelimit-remaining: 0\r\n", "{\"ok\": true}"),
            || {
                raw(
                    "200 OK",
                    "x-ratelimit-remaining: 1\r\nx-ratelimit-reset: 3600\r\n",
                    "{\"ok\": true}",
                )
            },
        ];
        for (index, none) in none.into_iter().enumerate() {
            assert!(!holds_back(none).await, "{index}");
        }
    }

    #[tokio::test]
    async fn what_was_held_up_is_sent_when_the_gate_opens() {
        let script = Script::start(|seen, before| {
            let soon = "x-ratelimit-remaining: 0\r\nx-ratelimit-reset: 0.02\r\n";
            match (seen.call.as_str(), before) {
                ("GET /v1/first", 0) => raw("429 Slow", soon, "{}"),
                ("GET /v1/first", _) => raw("200 OK", soon, "{\"ok\": true}"),
                _ => port_basics(seen).unwrap_or_else(|| Reply::Json(200, json!({"ok": true}))),
            }
        })
        .await;
        let reader = port_reader(&script);
        reader.port_get("/v1/first").await.unwrap();
        reader.port_get("/v1/second").await.unwrap();
        assert_eq!(script.of("GET /v1/first").len(), 2);
        assert_eq!(script.of("GET /v1/second").len(), 1);
    }

    #[tokio::test]
    async fn requests_that_share_a_tight_limit_all_get_through() {
        const WINDOW: Duration = Duration::from_millis(10);
        // Two requests in a window, which begins with its first one.
        let window = Mutex::new((Instant::now(), 0));
        let script = Script::start(move |seen, _| {
            if let Some(reply) = port_basics(seen) {
                return reply;
            }
            let mut window = window.lock().unwrap();
            if window.0.elapsed() > WINDOW {
                *window = (Instant::now(), 0);
            }
            window.1 += 1;
            match window.1 {
                ..=2 => Reply::Json(200, json!({"ok": true})),
                _ => raw("429 Slow", "x-ratelimit-reset: 0.01\r\n", "{}"),
            }
        })
        .await;
        let reader = Arc::new(port_reader(&script));
        let mut asking = JoinSet::new();
        for _ in 0..6 {
            let reader = reader.clone();
            asking.spawn(async move {
                for _ in 0..3 {
                    reader.port_get("/v1/first").await.unwrap();
                }
            });
        }
        asking.join_all().await;
    }
}
