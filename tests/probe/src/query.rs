//! The query of a request, with no decoding beyond splitting: tests choose plain values.

pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn parse(raw: &str) -> Self {
        Self(
            raw.split('&')
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        )
    }

    /// The first value of `name`; empty if there is none.
    pub fn get<'a>(&'a self, name: &str) -> &'a str {
        self.0.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The number under `name`; 0 if there is none.
    pub fn number<T: std::str::FromStr + Default>(&self, name: &str) -> T {
        self.get(name).parse().unwrap_or_default()
    }
}
