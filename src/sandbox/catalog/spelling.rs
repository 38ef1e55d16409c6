//! How a fault is written on a command line: `NAME[:ARGUMENT…][,FILTER…]`, such as `error:503,after,path=/v1/webhooks,skip=2`.
//!
//! Arguments come in the order of the table, or as `NAME=VALUE`. A value holds no comma; paths are as they are sent, with `%2C`.

use std::fmt;
use std::str::FromStr;

use super::table::ALL;
use super::{Argument, Given, Lasts, Named, Shape, Trouble};
use crate::sandbox::fault::{Fault, Service};
use crate::sandbox::journal::By;
use crate::sim::near::did_you_mean;

/// What narrows a fault to some requests, with what each may be and what it does.
pub const FILTERS: &[(&str, &str, &str)] = &[
    (
        "service",
        "port, spacelift, intake",
        "only requests to this service",
    ),
    ("method", "POST", "only requests with this HTTP method"),
    (
        "path",
        "/v1/webhooks",
        "only paths that begin so, as they are sent",
    ),
    (
        "operation",
        "policyCreatev2",
        "only GraphQL with this operation or root field",
    ),
    (
        "by",
        "client, sandbox",
        "whose requests; those of clients unless it says so",
    ),
    ("skip", "N", "so many of them pass unharmed first"),
    ("times", "N, always", "so many of them are hit after that"),
];

impl FromStr for Trouble {
    type Err = String;

    /// Reads a name with its arguments and filters; what is wrong is said with what was probably meant.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let named = ALL.iter().find(|named| named.name == name).ok_or_else(|| {
            let near = did_you_mean(name, ALL.iter().map(|named| named.name));
            let near = near.unwrap_or_else(|| "`--list-faults` lists them".to_owned());
            format!("there is no fault `{name}`; {near}")
        })?;
        let mut given: Vec<Option<String>> = vec![None; named.arguments.len()];
        let mut filters = Vec::new();
        for part in rest.split(',').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                None => {
                    let free = given.iter().position(Option::is_none);
                    let place = free.ok_or_else(|| named.wants_no_more(part))?;
                    given[place] = Some(named.arguments[place].checked(part)?);
                }
                Some((key, value)) => match named.place(key) {
                    Some(place) => given[place] = Some(named.arguments[place].checked(value)?),
                    None => filters.push((key, value)),
                },
            }
        }
        let arguments = named.arguments.iter().zip(given);
        let given = arguments.map(|(argument, value)| {
            let value = value.unwrap_or_else(|| argument.default.to_owned());
            (argument.name, value)
        });
        match (named.make)(&Given(given.collect())) {
            Trouble::Fault(mut fault) => {
                if named.lasts == Lasts::Always {
                    fault.times = None;
                }
                for (key, value) in filters {
                    fault = named.filtered(fault, key, value)?;
                }
                Ok(Trouble::Fault(fault))
            }
            quirk => match filters.first() {
                None => Ok(quirk),
                Some((key, _)) => Err(named.no_filter(key)),
            },
        }
    }
}

impl Named {
    /// How it is written: `error[:STATUS[,WHEN]]`.
    pub fn usage(&self) -> String {
        let mut usage = self.name.to_owned();
        for (place, argument) in self.arguments.iter().enumerate() {
            let sign = if place == 0 { ':' } else { ',' };
            usage.push_str(&format!("[{sign}{}", argument.name.to_uppercase()));
        }
        usage.push_str(&"]".repeat(self.arguments.len()));
        usage
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.arguments.iter().position(|one| one.name == name)
    }

    fn wants_no_more(&self, part: &str) -> String {
        let near = did_you_mean(part, FILTERS.iter().map(|(key, ..)| *key));
        let near = near.unwrap_or_else(|| "filters are written `KEY=VALUE`".to_owned());
        format!(
            "`{part}` is one argument too many for `{}`; {near}",
            self.usage()
        )
    }

    fn no_filter(&self, key: &str) -> String {
        let own = self.arguments.iter().map(|one| one.name);
        let near = did_you_mean(key, own).unwrap_or_else(|| format!("write `{}`", self.usage()));
        format!(
            "`{}` hits no single requests and has no filter `{key}`; {near}",
            self.name
        )
    }

    fn filtered(&self, mut fault: Fault, key: &str, value: &str) -> Result<Fault, String> {
        let number = || {
            let wrong = |_| format!("`{key}` is a whole number, not `{value}`");
            value.parse::<u32>().map_err(wrong)
        };
        let word = |words: &[&str]| {
            let near = did_you_mean(value, words.iter().copied());
            let near = near.unwrap_or_else(|| format!("it is one of {}", words.join(", ")));
            format!("`{key}` is not `{value}`; {near}")
        };
        match key {
            "service" => {
                fault.service = Some(match value {
                    "port" => Service::Port,
                    "spacelift" => Service::Spacelift,
                    "intake" => Service::Intake,
                    _ => return Err(word(&["port", "spacelift", "intake"])),
                });
            }
            "by" => {
                fault.by = match value {
                    "client" => By::Client,
                    "sandbox" => By::Sandbox,
                    _ => return Err(word(&["client", "sandbox"])),
                };
            }
            "method" => fault.method = Some(value.to_uppercase()),
            "path" if !value.starts_with('/') => {
                return Err(format!("`path` begins with a slash, not `{value}`"));
            }
            "path" => fault.path = Some(value.to_owned()),
            "operation" => fault.operation = Some(value.to_owned()),
            "skip" => fault.skip = number()?,
            "times" if value == "always" => fault.times = None,
            "times" => fault.times = Some(number()?),
            _ => {
                let own = self.arguments.iter().map(|one| one.name);
                let known = own.chain(FILTERS.iter().map(|(key, ..)| *key));
                let near = did_you_mean(key, known).unwrap_or_else(|| {
                    let all: Vec<&str> = FILTERS.iter().map(|(key, ..)| *key).collect();
                    format!("filters are {}", all.join(", "))
                });
                return Err(format!(
                    "`{}` has no argument or filter `{key}`; {near}",
                    self.name
                ));
            }
        }
        Ok(fault)
    }
}

impl Argument {
    fn checked(&self, value: &str) -> Result<String, String> {
        let wrong = || Err(format!("`{}` is {}, not `{value}`", self.name, self.shape));
        match self.shape {
            Shape::Number(least, most) => match value.parse::<i64>() {
                Ok(number) if (least..=most).contains(&number) => Ok(value.to_owned()),
                _ => wrong(),
            },
            Shape::Word(words) if words.contains(&value) => Ok(value.to_owned()),
            Shape::Word(words) => match did_you_mean(value, words.iter().copied()) {
                Some(near) => Err(format!("`{}` is not `{value}`; {near}", self.name)),
                None => wrong(),
            },
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Number(least, i64::MAX) => write!(formatter, "a number from {least}"),
            Shape::Number(least, most) => write!(formatter, "a number from {least} to {most}"),
            Shape::Word(words) => formatter.write_str(&words.join(" or ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::sandbox::fault::{Effect, Reset, When};

    fn read(text: &str) -> Fault {
        match text.parse() {
            Ok(Trouble::Fault(fault)) => fault,
            other => panic!("{text}: {other:?}"),
        }
    }

    fn refused(text: &str) -> String {
        text.parse::<Trouble>().expect_err(text)
    }

    #[test]
    fn arguments_come_in_order_or_by_name() {
        let after = |status| Effect::Status {
            status,
            when: When::After,
        };
        assert_eq!(read("error:503,after"), Fault::new(after(503)));
        assert_eq!(read("error:when=after"), Fault::new(after(500)));
        assert_eq!(read("error:when=after,404"), Fault::new(after(404)));
        assert_eq!(read("error").times, Some(1));
    }

    #[test]
    fn filters_narrow() {
        let fault =
            read("error:service=port,method=put,path=/v1/a=b,skip=2,times=always,by=sandbox");
        assert_eq!(fault.service, Some(Service::Port));
        assert_eq!(fault.method.as_deref(), Some("PUT"));
        assert_eq!(fault.path.as_deref(), Some("/v1/a=b"));
        assert_eq!((fault.skip, fault.times, fault.by), (2, None, By::Sandbox));
        assert_eq!(read("pages").times, None);
        assert_eq!(read("pages:times=2").times, Some(2));
        assert_eq!(
            read("cut:operation=viewer").operation.as_deref(),
            Some("viewer")
        );
    }

    #[test]
    fn what_was_meant_is_said() {
        assert_eq!(
            refused("cutt"),
            "there is no fault `cutt`; did you mean `cut`?"
        );
        assert_eq!(
            refused("nonsense"),
            "there is no fault `nonsense`; `--list-faults` lists them"
        );
        assert_eq!(
            refused("error:99"),
            "`status` is a number from 400 to 599, not `99`"
        );
        assert_eq!(
            refused("error:500,afer"),
            "`when` is not `afer`; did you mean `after`?"
        );
        assert_eq!(
            refused("cut:pth=/v1"),
            "`cut` has no argument or filter `pth`; did you mean `path`?"
        );
        assert_eq!(refused("cut:skip=x"), "`skip` is a whole number, not `x`");
        assert_eq!(
            refused("cut:path=v1"),
            "`path` begins with a slash, not `v1`"
        );
        assert_eq!(
            refused("cut:service=prt"),
            "`service` is not `prt`; did you mean `port`?"
        );
        assert_eq!(
            refused("cut:after,5"),
            "`5` is one argument too many for `cut[:WHEN]`; filters are written `KEY=VALUE`"
        );
        assert_eq!(
            refused("late-permissions:3,skip=1"),
            "`late-permissions` hits no single requests and has no filter `skip`; write `late-permissions[:READS]`"
        );
    }

    #[test]
    fn every_row_is_what_it_says() {
        let mut names = BTreeSet::new();
        for named in ALL {
            assert!(names.insert(named.name), "{} is there twice", named.name);
            let plain: Trouble = named.name.parse().expect(named.name);
            let example: Trouble = named.example.parse().expect(named.example);
            assert!(named.example.starts_with(named.name), "{}", named.example);
            match (plain, example) {
                (Trouble::Fault(one), Trouble::Fault(two)) => {
                    let same = std::mem::discriminant(&one.effect);
                    assert_eq!(same, std::mem::discriminant(&two.effect), "{}", named.name);
                    let lasts = if one.times.is_none() {
                        Lasts::Always
                    } else {
                        Lasts::Once
                    };
                    assert_eq!(named.lasts, lasts, "{}", named.name);
                }
                (Trouble::Quirk(one, _), Trouble::Quirk(two, _)) => {
                    assert_eq!(one, two);
                    assert_eq!(named.lasts, Lasts::Counted);
                }
                other => panic!("{}: {other:?}", named.name),
            }
            let sourced = ["PA section", "SA section", "guess"];
            assert!(
                sourced.iter().any(|word| named.source.contains(word)),
                "{}",
                named.name
            );
            assert!(named.what.ends_with('.'), "{}", named.name);
        }
    }

    /// What JSON can ask for has a name too, but for the older spelling of `html-error:502`.
    #[test]
    fn every_effect_has_a_name() {
        let word = |effect: &Effect| {
            let json = serde_json::to_value(effect).expect("JSON");
            json["kind"].as_str().expect("a kind").to_owned()
        };
        let named: BTreeSet<String> = ALL
            .iter()
            .filter_map(|named| match named.name.parse() {
                Ok(Trouble::Fault(fault)) => Some(word(&fault.effect)),
                _ => None,
            })
            .collect();
        // The list of all kinds is in what the reader of JSON says.
        let error = serde_json::from_value::<Effect>(serde_json::json!({"kind": "?"}));
        let error = error.expect_err("no such kind").to_string();
        let (_, all) = error.split_once("one of").expect("a list");
        let all: BTreeSet<String> = all
            .split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .filter(|kind| kind != "bad_gateway")
            .collect();
        assert!(all.len() > 15, "{error}");
        assert_eq!(named, all);
    }

    #[test]
    fn a_silent_limit_waits_for_nothing() {
        let silent = Effect::RateLimit {
            reset: Reset::Silent,
            seconds: 0,
        };
        assert_eq!(read("rate-limit-silent").effect, silent);
    }
}
