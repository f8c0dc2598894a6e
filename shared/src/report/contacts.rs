//! Contacts of attempts, looked up where they are kept.

use crate::contact::Contact;
use crate::list;
use crate::problem::Problem;
use crate::store::Store;
use crate::tick::ContactRef;
use crate::vault::{DataKey, Vault};
use std::collections::HashMap;
use std::rc::Rc;

/// Pages of lists held at a time: some 5 MB.
const PAGES_MAX: usize = 64;

type Page = Rc<Vec<Contact>>;

/// Contacts of attempts, a bounded number of pages held.
#[derive(Default)]
pub struct Contacts {
    keys: HashMap<String, Option<Rc<DataKey>>>,
    pages: HashMap<(String, u32, u32), Option<Page>>,
}

impl Contacts {
    /// The contact kept at a place. `None` if the list was erased, or its page cannot be read.
    pub async fn find<S: Store>(
        &mut self,
        store: &S,
        vault: &Vault,
        at: &ContactRef,
    ) -> Result<Option<Contact>, Problem> {
        let failed = |e| Problem::store(&e);
        let name = (at.list.clone(), at.group, at.page);
        if !self.pages.contains_key(&name) {
            if !self.keys.contains_key(&at.list) {
                let key = list::data_key(store, vault, &at.list).await.map_err(failed)?;
                self.keys.insert(at.list.clone(), key.map(Rc::new));
            }
            let page = match self.keys.get(&at.list).and_then(Option::as_ref) {
                Some(key) => list::read_page(store, key, &at.list, at.group, at.page).await.map_err(failed)?,
                None => None,
            };
            if self.pages.len() >= PAGES_MAX {
                self.pages.clear();
            }
            self.pages.insert(name.clone(), page.map(Rc::new));
        }
        let page = self.pages.get(&name).and_then(Option::as_ref);
        Ok(page.and_then(|page| page.get(usize::from(at.index))).cloned())
    }
}
