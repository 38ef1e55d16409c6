//! What the Port half remembers: one ordered table per collection, and which rows changed.
//!
//! It checks nothing. Composite keys are joined with a space, which no identifier may contain
//! (PA section 1, identifier rules).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound::{self, Excluded, Included};

use serde_json::{Map, Value};

/// One collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    /// One row, `organization`.
    Organization,
    /// One row, `token`: the text and when it ends.
    Token,
    /// By identifier.
    Blueprints,
    /// By blueprint.
    BlueprintPermissions,
    /// By blueprint: how often a quirk still refuses something.
    Lagging,
    /// By identifier; actions and automations.
    Actions,
    /// By action.
    ActionPermissions,
    /// By identifier, without the signature secret.
    Webhooks,
    /// By webhook identifier: the signature secret.
    WebhookSecrets,
    /// By name, without the value.
    Secrets,
    /// By name: the value.
    SecretValues,
    /// By `blueprint scorecard`.
    Scorecards,
    /// By `blueprint entity`.
    Entities,
    /// By name.
    Teams,
    /// By identifier.
    Pages,
    /// By page.
    PagePermissions,
    /// By id.
    Runs,
    /// By run: its inputs that the form encrypts.
    RunSecrets,
    /// By `run number`.
    RunLogs,
    /// By id.
    Migrations,
    /// By installation id.
    Integrations,
    /// By number: what became of the latest deliveries.
    Deliveries,
    /// By webhook: the ids of its latest deliveries, oldest first.
    DeliveryIds,
    /// By `blueprint entity property`: the value of a timer that has fired.
    FiredTimers,
}

impl Table {
    /// All tables, in the order of their discriminants.
    pub(crate) const ALL: [Table; 24] = [
        Table::Organization,
        Table::Token,
        Table::Blueprints,
        Table::BlueprintPermissions,
        Table::Lagging,
        Table::Actions,
        Table::ActionPermissions,
        Table::Webhooks,
        Table::WebhookSecrets,
        Table::Secrets,
        Table::SecretValues,
        Table::Scorecards,
        Table::Entities,
        Table::Teams,
        Table::Pages,
        Table::PagePermissions,
        Table::Runs,
        Table::RunSecrets,
        Table::RunLogs,
        Table::Migrations,
        Table::Integrations,
        Table::Deliveries,
        Table::DeliveryIds,
        Table::FiredTimers,
    ];

    /// The table's name in the data folder and in `/_sandbox/state`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Table::Organization => "organization",
            Table::Token => "token",
            Table::Blueprints => "blueprints",
            Table::BlueprintPermissions => "blueprint_permissions",
            Table::Lagging => "lagging",
            Table::Actions => "actions",
            Table::ActionPermissions => "action_permissions",
            Table::Webhooks => "webhooks",
            Table::WebhookSecrets => "webhook_secrets",
            Table::Secrets => "secrets",
            Table::SecretValues => "secret_values",
            Table::Scorecards => "scorecards",
            Table::Entities => "entities",
            Table::Teams => "teams",
            Table::Pages => "pages",
            Table::PagePermissions => "page_permissions",
            Table::Runs => "runs",
            Table::RunSecrets => "run_secrets",
            Table::RunLogs => "run_logs",
            Table::Migrations => "migrations",
            Table::Integrations => "integrations",
            Table::Deliveries => "deliveries",
            Table::DeliveryIds => "delivery_ids",
            Table::FiredTimers => "fired_timers",
        }
    }

    /// The table of that name.
    pub(crate) fn named(name: &str) -> Option<Table> {
        Table::ALL.into_iter().find(|table| table.name() == name)
    }
}

/// All tables and the rows that changed since they were last saved.
#[derive(Clone, Default)]
pub(crate) struct Tables {
    rows: [BTreeMap<String, Value>; Table::ALL.len()],
    touched: BTreeSet<(Table, String)>,
}

impl Tables {
    /// One row.
    pub(crate) fn get(&self, table: Table, key: &str) -> Option<&Value> {
        self.rows[table as usize].get(key)
    }

    /// Whether there is such a row.
    pub(crate) fn has(&self, table: Table, key: &str) -> bool {
        self.rows[table as usize].contains_key(key)
    }

    /// Writes one row.
    pub(crate) fn put(&mut self, table: Table, key: &str, value: Value) {
        self.rows[table as usize].insert(key.to_owned(), value);
        self.touched.insert((table, key.to_owned()));
    }

    /// Changes one row where it lies.
    pub(crate) fn edit(&mut self, table: Table, key: &str, change: impl FnOnce(&mut Value)) {
        if let Some(value) = self.rows[table as usize].get_mut(key) {
            change(value);
            self.touched.insert((table, key.to_owned()));
        }
    }

    /// Takes one row out.
    pub(crate) fn remove(&mut self, table: Table, key: &str) -> Option<Value> {
        let old = self.rows[table as usize].remove(key);
        if old.is_some() {
            self.touched.insert((table, key.to_owned()));
        }
        old
    }

    /// All rows in key order.
    pub(crate) fn rows(&self, table: Table) -> impl Iterator<Item = (&str, &Value)> {
        self.rows[table as usize]
            .iter()
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The rows whose composite key starts with `first`, in key order.
    pub(crate) fn within(&self, table: Table, first: &str) -> impl Iterator<Item = (&str, &Value)> {
        self.between(table, Included(joined(first, "")), Excluded(end(first)))
    }

    /// The rows of `first` after the row `second`, in key order.
    pub(crate) fn after(
        &self,
        table: Table,
        first: &str,
        second: &str,
    ) -> impl Iterator<Item = (&str, &Value)> {
        self.between(table, Excluded(joined(first, second)), Excluded(end(first)))
    }

    /// The rows of `first` up to the row `second`, which is the first of them, backwards.
    pub(crate) fn until(
        &self,
        table: Table,
        first: &str,
        second: &str,
    ) -> impl Iterator<Item = (&str, &Value)> {
        let (start, end) = (Included(joined(first, "")), Included(joined(first, second)));
        self.between(table, start, end).rev()
    }

    fn between(
        &self,
        table: Table,
        start: Bound<String>,
        end: Bound<String>,
    ) -> impl DoubleEndedIterator<Item = (&str, &Value)> {
        self.rows[table as usize]
            .range((start, end))
            .map(|(key, value)| (key.as_str(), value))
    }

    /// The composite keys that start with `first`.
    pub(crate) fn keys_within(&self, table: Table, first: &str) -> Vec<String> {
        self.within(table, first)
            .map(|(key, _)| key.to_owned())
            .collect()
    }

    /// Whether something changed since the last [`Tables::take_changes`].
    pub(crate) fn is_changed(&self) -> bool {
        !self.touched.is_empty()
    }

    /// Forgets which rows changed, for a state that is kept in memory only.
    pub(crate) fn forget_changes(&mut self) {
        self.touched.clear();
    }

    /// The changed rows as lines of JSON, `{"table", "key", "value"}`; no value: the row is gone.
    pub(crate) fn take_changes(&mut self) -> Vec<u8> {
        let mut lines = Vec::new();
        for (table, key) in std::mem::take(&mut self.touched) {
            let mut line = Map::new();
            line.insert("table".to_owned(), table.name().into());
            if let Some(value) = self.get(table, &key) {
                line.insert("value".to_owned(), value.clone());
            }
            line.insert("key".to_owned(), key.into());
            lines.extend_from_slice(Value::Object(line).to_string().as_bytes());
            lines.push(b'\n');
        }
        lines
    }

    /// Repeats one line of [`Tables::take_changes`]; false when it is not one.
    pub(crate) fn repeat(&mut self, line: &Value) -> bool {
        let table = line
            .get("table")
            .and_then(Value::as_str)
            .and_then(Table::named);
        let (Some(table), Some(key)) = (table, line.get("key").and_then(Value::as_str)) else {
            return false;
        };
        match line.get("value") {
            Some(value) => self.rows[table as usize].insert(key.to_owned(), value.clone()),
            None => self.rows[table as usize].remove(key),
        };
        true
    }

    /// All tables as one object, `{"blueprints": {"service": {…}}, …}`.
    pub(crate) fn to_json(&self) -> Value {
        let tables = Table::ALL.into_iter().map(|table| {
            let rows: Map<String, Value> = self
                .rows(table)
                .map(|(key, value)| (key.to_owned(), value.clone()))
                .collect();
            (table.name().to_owned(), Value::Object(rows))
        });
        Value::Object(tables.collect())
    }

    /// Reads [`Tables::to_json`] back; the text says what is wrong with it.
    pub(crate) fn from_json(value: Value) -> Result<Self, String> {
        let Value::Object(tables) = value else {
            return Err("the saved tables are not an object".to_owned());
        };
        let mut read = Tables::default();
        for (name, rows) in tables {
            let table =
                Table::named(&name).ok_or_else(|| format!("no table is called `{name}`"))?;
            let Value::Object(rows) = rows else {
                return Err(format!("table `{name}` is not an object"));
            };
            read.rows[table as usize] = rows.into_iter().collect();
        }
        Ok(read)
    }
}

impl fmt::Debug for Tables {
    /// Shows how many rows there are, because some are secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = Table::ALL
            .into_iter()
            .map(|table| (table.name(), self.rows(table).count()));
        formatter.debug_map().entries(counts).finish()
    }
}

/// What comes right behind all composite keys that start with `first`.
fn end(first: &str) -> String {
    format!("{first}!")
}

/// A composite key.
pub(crate) fn joined(first: &str, second: &str) -> String {
    format!("{first} {second}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_stand_where_their_discriminant_says() {
        for (index, table) in Table::ALL.into_iter().enumerate() {
            assert_eq!(table as usize, index);
            assert_eq!(Table::named(table.name()), Some(table));
        }
    }

    #[test]
    fn changes_repeat_to_the_same_tables() {
        let mut tables = Tables::default();
        tables.put(
            Table::Entities,
            &joined("a", "x"),
            json!({"identifier": "x"}),
        );
        tables.put(
            Table::Entities,
            &joined("ab", "y"),
            json!({"identifier": "y"}),
        );
        tables.put(Table::Teams, "gone", json!({}));
        tables.remove(Table::Teams, "gone");
        assert_eq!(tables.within(Table::Entities, "a").count(), 1);

        let mut other = Tables::default();
        for line in String::from_utf8(tables.take_changes()).unwrap().lines() {
            assert!(other.repeat(&serde_json::from_str(line).unwrap()));
        }
        assert_eq!(other.to_json(), tables.to_json());
        assert_eq!(
            Tables::from_json(other.to_json()).unwrap().to_json(),
            tables.to_json()
        );
    }
}
