//! JQ in Port's dialect: compiled and run by jaq, over values of our own that behave as jq's do.
//!
//! Pure: a program sees its input and the clock that it is given, and nothing else. Time and memory
//! are limited by the process around it (see `sim::child`); what is too long, too deep or too large
//! is told here. Where we differ from jq, `tests/jq/expressions.txt` says so, with the reason.
//!
//! | room | noun |
//! |---|---|
//! | `token` | the tokens of a program |
//! | `check` | what tokens alone can tell: limits, brackets, names |
//! | `names` | the names that jq has, and those that are refused |
//! | `dialect` | Port's dialect as jq |
//! | `fault` | errors in our words, with places in the user's program |
//! | `prelude` | definitions: jaq's, and what jq has besides |
//! | `builtin` | functions that cannot be written in jq |
//! | `value`, `number` | values as jq knows them |
//! | `paths`, `arithmetic` | what paths, updates and operators do to values |
//! | `limits` | how long, deep and large things may be |
//! | `input` | what many programs read, made once |
//! | [`doubts`] | programs that Port's engine and ours may read differently |

mod arithmetic;
mod builtin;
mod check;
mod dialect;
mod doubts;
mod fault;
mod input;
mod limits;
mod names;
mod number;
mod paths;
mod prelude;
#[cfg(test)]
mod tests;
mod token;
mod value;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jaq_core::data::HasLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, DataT, Filter, Lut, Vars};
use serde_json::Value;

pub use doubts::{assignment, doubts};
pub(crate) use input::Input;

use self::dialect::Translated;
use self::value::{Budget, Val};
use super::job::{Fault, FaultKind};

/// What jaq has to know: the type of values, and what a run is given besides its input.
struct Kind;

/// What a run is given besides its input.
#[derive(Clone)]
struct Run<'a> {
    lut: &'a Lut<Kind>,
    now: f64,
}

impl DataT for Kind {
    type V<'a> = Val;
    type Data<'a> = Run<'a>;
}

impl<'a> HasLut<'a, Kind> for Run<'a> {
    fn lut(&self) -> &'a Lut<Kind> {
        self.lut
    }
}

/// A compiled program.
#[derive(Clone)]
pub struct Program {
    filter: Arc<Filter<Kind>>,
}

/// Programs that were compiled before, by their text.
static COMPILED: LazyLock<Mutex<HashMap<String, Program>>> = LazyLock::new(Mutex::default);

/// How many compiled programs are kept.
const KEPT: usize = 512;

impl Program {
    /// Compiles a text; the spans of faults are bytes of that text.
    ///
    /// Programs are kept by their text, so that compiling one again costs nothing.
    pub fn compile(text: &str) -> Result<Program, Fault> {
        let kept = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = kept().get(text) {
            return Ok(program.clone());
        }
        let program = quietly(|| compile(text))?;
        let mut kept = kept();
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(text.to_owned(), program.clone());
        Ok(program)
    }

    /// All outputs for an input; `now` in seconds since the Unix epoch.
    pub fn all(&self, input: &Value, now: f64) -> Result<Vec<Value>, Fault> {
        quietly(|| self.outputs(Val::from_json(input), now, usize::MAX))
    }

    fn outputs(&self, input: Val, now: f64, most: usize) -> Result<Vec<Value>, Fault> {
        let run = Run {
            lut: &self.filter.lut,
            now,
        };
        let ctx = Ctx::<Kind>::new(run, Vars::new([]));
        let mut budget = Budget {
            left: limits::LARGEST_OUTPUT,
            depth: limits::DEEPEST_OUTPUT,
        };
        let mut outputs = Vec::new();
        for output in self.filter.id.run((ctx, input)).take(most) {
            let output = match output {
                Ok(output) => output,
                Err(exception) => return Err(broken(exception.get_err().ok())),
            };
            if outputs.len() >= limits::MOST_OUTPUTS {
                let message = format!("more than {} outputs", limits::MOST_OUTPUTS);
                return Err(Fault::new(FaultKind::Limit, message));
            }
            let output = output.to_json(&mut budget).map_err(|_| {
                let message = "the output is too large, or nested too deep";
                Fault::new(FaultKind::Limit, message)
            })?;
            outputs.push(output);
        }
        Ok(outputs)
    }
}

/// A fault of a running program.
fn broken(error: Option<jaq_core::Error<Val>>) -> Fault {
    let message = match error.map(jaq_core::Error::into_val) {
        Some(Val::Str(message)) => message.to_string(),
        Some(value) => format!("error with the value {value}"),
        None => "the program stopped".to_owned(),
    };
    let kind = match message.starts_with(limits::TOO_LARGE) {
        true => FaultKind::Limit,
        false => FaultKind::Runtime,
    };
    let short: String = message.chars().take(limits::LONGEST_MESSAGE).collect();
    Fault::new(kind, short)
}

/// Whether JQ takes a value for true: all but null and false.
pub fn is_true(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false))
}

/// Engines of others may panic, on dates far away for example; that is a fault like others.
fn quietly<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let message = "the engine gave up on this program";
        Err(Fault::new(FaultKind::Crash, message))
    })
}

fn compile(text: &str) -> Result<Program, Fault> {
    check::length(text)?;
    let tokens = token::tokens(text);
    check::tokens(text, &tokens)?;
    let translated = Translated::of(text, &tokens);
    let arena = Arena::default();
    let file = File {
        code: translated.text.as_str(),
        path: (),
    };
    let modules = Loader::new(prelude::definitions())
        .load(&arena, file)
        .map_err(|errors| fault::loading(&translated, errors))?;
    let filter = Compiler::default()
        .with_funs(prelude::functions())
        .compile(modules)
        .map_err(|errors| {
            let mut undefined = errors.into_iter().flat_map(|(_, errors)| errors);
            match undefined.next() {
                Some((name, undefined)) => fault::compiling(&translated, name, &undefined),
                None => Fault::new(FaultKind::Syntax, "this is not a JQ program"),
            }
        })?;
    Ok(Program {
        filter: Arc::new(filter),
    })
}
