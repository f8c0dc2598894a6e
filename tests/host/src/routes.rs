//! Which trigger answers a path.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow};

use crate::manifest::{HttpTrigger, Route, StaticResponse};

/// What answers a route.
#[derive(Debug, Clone)]
pub enum Target {
    Component(String),
    Static(StaticResponse),
}

/// One public route of the manifest.
#[derive(Debug)]
pub struct Entry {
    /// As written in the manifest.
    pub raw: String,
    /// Without a trailing slash; what `spin-matched-route` says.
    pub based: String,
    pub target: Target,
}

/// A path's entry, and what its wildcards caught.
#[derive(Debug)]
pub struct Found<'a> {
    pub entry: &'a Entry,
    /// What a trailing wildcard caught, with its leading and trailing slash; empty otherwise.
    pub path_info: String,
    /// `:name` segments.
    pub named: Vec<(String, String)>,
}

/// The routes of an application.
#[derive(Debug)]
pub struct Router {
    entries: Vec<Entry>,
    finder: routefinder::Router<usize>,
}

impl Router {
    /// Builds the router. Of two triggers with the same route, the later wins, with a warning on stderr.
    pub fn new(triggers: &[HttpTrigger]) -> Result<Self> {
        let mut latest: BTreeMap<&str, usize> = BTreeMap::new();
        let mut entries: Vec<Entry> = Vec::new();
        for trigger in triggers {
            let Route::Pattern(raw) = &trigger.route else {
                continue;
            };
            let target = match (&trigger.component, &trigger.static_response) {
                (Some(id), _) => Target::Component(id.clone()),
                (None, Some(response)) => Target::Static(response.clone()),
                (None, None) => continue,
            };
            let slashed = if raw.starts_with('/') { raw.clone() } else { format!("/{raw}") };
            let based = slashed.strip_suffix('/').unwrap_or(&slashed).to_owned();
            let entry = Entry { raw: raw.clone(), based, target };
            match latest.get(raw.as_str()).and_then(|at| entries.get_mut(*at)) {
                Some(earlier) => {
                    eprintln!("The route {raw} is a duplicate: only the last trigger that has it is used");
                    *earlier = entry;
                }
                None => {
                    latest.insert(raw, entries.len());
                    entries.push(entry);
                }
            }
        }
        let mut finder = routefinder::Router::new();
        for (at, entry) in entries.iter().enumerate() {
            let pattern = match entry.based.strip_suffix("/...") {
                Some(prefix) => format!("{prefix}/*"),
                None => entry.based.clone(),
            };
            finder.add(pattern, at).map_err(|e| anyhow!("route {:?}: {e}", entry.raw))?;
        }
        Ok(Self { entries, finder })
    }

    /// The most specific route for `path`: an exact segment beats `:name`, which beats a wildcard.
    pub fn find(&self, path: &str) -> Option<Found<'_>> {
        let found = self.finder.best_match(path)?;
        let entry = self.entries.get(*found.handler())?;
        let captures = found.captures();
        let path_info = captures.wildcard().map(|rest| match (rest.is_empty(), path.ends_with('/')) {
            (true, false) => String::new(),
            (true, true) => "/".to_owned(),
            (false, false) => format!("/{rest}"),
            (false, true) => format!("/{rest}/"),
        });
        let named = captures.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Some(Found { entry, path_info: path_info.unwrap_or_default(), named })
    }

    /// In the order of the manifest.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

impl Entry {
    /// The route without its trailing wildcard; what `spin-component-route` says.
    pub fn prefix(&self) -> &str {
        self.raw.strip_suffix("/...").unwrap_or(&self.raw)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn router(routes: &[&str]) -> Router {
        let triggers: Vec<HttpTrigger> = routes
            .iter()
            .enumerate()
            .map(|(i, route)| toml::from_str(&format!("route = {route:?}\ncomponent = \"c{i}\"")).unwrap())
            .collect();
        Router::new(&triggers).unwrap()
    }

    #[test]
    fn the_most_specific_route_wins_whatever_the_order() {
        let router = router(&["/...", "/v1/tick", "/voice/:provider/...", "/voice/twilio/...", "/call/:id/status"]);
        for (path, route, info) in [
            ("/", "/...", "/"),
            ("/v1/tick", "/v1/tick", ""),
            ("/v1/tick/", "/v1/tick", ""),
            ("//v1/tick", "/v1/tick", ""),
            ("/v1/tick%2f", "/...", "/v1/tick%2f"),
            ("/V1/tick", "/...", "/V1/tick"),
            ("/voice/plivo", "/voice/:provider/...", ""),
            ("/voice/plivo/a/b/", "/voice/:provider/...", "/a/b/"),
            ("/voice/twilio/a", "/voice/twilio/...", "/a"),
            ("/call/7/status", "/call/:id/status", ""),
        ] {
            let found = router.find(path).unwrap();
            assert_eq!((found.entry.raw.as_str(), found.path_info.as_str()), (route, info), "{path}");
        }
        assert_eq!(router.find("/call/7/status").unwrap().named, [("id".to_owned(), "7".to_owned())]);
    }

    #[test]
    fn without_a_route_nothing_is_found_and_the_last_duplicate_wins() {
        let router = router(&["/a", "/b", "/a"]);
        assert!(router.find("/c").is_none() && router.find("/a/b").is_none());
        assert!(matches!(&router.find("/a").unwrap().entry.target, Target::Component(id) if id == "c2"));
    }
}
