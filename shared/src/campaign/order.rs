//! In which order a campaign's contacts are called.

use serde::{Deserialize, Deserializer, Serialize};

/// What contacts are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKey {
    /// The list's: 1 before 2.
    Priority,
    /// The earlier first.
    DueDate,
    /// The larger first; those without one last.
    Amount,
    /// Who was called longest ago first.
    LastAttempt,
}

/// The keys of the order, the most important first. In JSON a list: `["priority", "due_date", "amount", "last_attempt"]`.
///
/// Callbacks at a time that was asked for come before everything. Contacts of equal rank are taken in turn from the lists they
/// stand in, so that no office waits for another's list to end, nor for its retries; of each list, retries come before those
/// who were never called, the longest due first.
///
/// `priority` and `due_date` sort all contacts. `amount` and `last_attempt` sort among those of equal priority and due date, and
/// there within the pages in which contacts are kept (a few hundred): a list of millions is never sorted at dialling time.
/// So they may only follow the other two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Order(Vec<OrderKey>);

impl Default for Order {
    fn default() -> Self {
        Order(vec![OrderKey::Priority, OrderKey::DueDate, OrderKey::Amount, OrderKey::LastAttempt])
    }
}

impl Order {
    /// The most important first.
    pub fn keys(&self) -> &[OrderKey] {
        &self.0
    }

    fn of(keys: Vec<OrderKey>) -> Result<Self, String> {
        let coarse = |key: &OrderKey| matches!(key, OrderKey::Priority | OrderKey::DueDate);
        let fine_at = keys.iter().position(|key| !coarse(key)).unwrap_or(keys.len());
        if keys.iter().enumerate().any(|(i, key)| keys[..i].contains(key)) {
            return Err("each key of the order stands once".into());
        }
        if keys[fine_at..].iter().any(coarse) {
            return Err("in the order, priority and due_date come before amount and last_attempt".into());
        }
        Ok(Order(keys))
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Order::of(Vec::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_cannot_be_kept_is_refused() {
        let read = |json: &str| serde_json::from_str::<Order>(json);
        assert_eq!(
            serde_json::to_string(&read(r#"["due_date","priority"]"#).unwrap()).unwrap(),
            r#"["due_date","priority"]"#
        );
        assert!(read(r#"["priority","amount"]"#).is_ok());
        assert!(read("[]").is_ok());
        for bad in [r#"["amount","priority"]"#, r#"["priority","priority"]"#, r#"["name"]"#] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
