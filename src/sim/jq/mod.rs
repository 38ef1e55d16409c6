//! JQ in Port's dialect, by jaq.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, data, unwrap_valr};
use jaq_json::Val;
use serde_json::Value;

use super::job::{Fault, FaultKind};

/// A compiled program.
pub struct Program {
    filter: Filter<data::JustLut<Val>>,
}

impl Program {
    /// Compiles a text.
    pub fn compile(text: &str) -> Result<Program, Fault> {
        let defs = jaq_core::defs()
            .chain(jaq_std::defs())
            .chain(jaq_json::defs());
        let funs = jaq_core::funs()
            .chain(jaq_std::funs())
            .chain(jaq_json::funs());
        let arena = Arena::default();
        let refused = |_| Fault::new(FaultKind::Syntax, "not a JQ program");
        let file = File {
            code: text,
            path: (),
        };
        let modules = Loader::new(defs).load(&arena, file).map_err(refused)?;
        let filter = Compiler::default()
            .with_funs(funs)
            .compile(modules)
            .map_err(|_| Fault::new(FaultKind::Syntax, "not a JQ program"))?;
        Ok(Program { filter })
    }

    /// All outputs for an input; `now` in seconds since the Unix epoch.
    pub fn all(&self, input: &Value, _now: f64) -> Result<Vec<Value>, Fault> {
        let broken = |why: String| Fault::new(FaultKind::Runtime, why);
        let input: Val =
            serde_json::from_value(input.clone()).map_err(|error| broken(error.to_string()))?;
        let ctx = Ctx::<data::JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        let outputs = self.filter.id.run((ctx, input)).map(unwrap_valr);
        outputs
            .map(|output| {
                let output = output.map_err(|error| broken(error.to_string()))?;
                serde_json::from_str(&output.to_string()).map_err(|error| broken(error.to_string()))
            })
            .collect()
    }
}
