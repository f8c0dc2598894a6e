//! Everybody around: admins, list owners, the tax administration, callers.

use super::Life;
use super::class::Class;
use super::host::{begin, schedule};
use super::plan::{Roll, Someone, Spec, iso};
use super::store::Shaky;
use super::wall::{DAY_MS, WIB, date, local_day};
use crate::tick::npwp;
use dering::campaign::{self, Campaign, State};
use dering::contact::Matter;
use dering::list::{self, Intake, Label, Manifest, Rules, Taken};
use dering::settlement::About;
use dering::store::Store;
use dering::suppression::{DoNotCall, Reason, Subject};
use dering::tick::{ShardNews, log};
use std::fmt::Write;
use std::rc::Rc;

/// The story's beginning, its people, and its end.
pub async fn direct(life: Rc<Life>) {
    for campaign in 0..life.plan.specs.len() {
        life.until_taken(campaign, &life.plan.specs[campaign]).await;
    }
    for roll in 0..life.plan.rolls.len() {
        life.nursery.spawn(None, owner(life.clone(), roll));
    }
    for campaign in 0..life.plan.specs.len() {
        life.with_something_in_mind(admin(life.clone(), campaign));
    }
    life.with_something_in_mind(public(life.clone()));
    life.nursery.spawn(None, schedule(life.clone()));

    let last_due = life.plan.rolls.iter().flat_map(|r| &r.people).map(|p| p.due).max().unwrap_or_default();
    let deadline_ms = life.plan.calm_ms().max((last_due + 1) * DAY_MS) + 2 * DAY_MS;
    life.time.sleep_until(life.plan.calm_ms()).await;
    life.stir();
    loop {
        life.time.sleep(60_000).await;
        if life.finished() {
            break;
        }
        if life.now_ms() > deadline_ms {
            life.found("R10", "it does not come to an end".into());
            return;
        }
    }
    // Late news is folded, and the last page swept.
    life.ticks(3).await;
    let before = life.settle_accounts().await;
    for part in [2, 1] {
        life.replay(part).await;
        life.ticks(4).await;
        life.same_as(&before).await;
    }
    life.finish();
}

async fn owner(life: Rc<Life>, roll: usize) {
    life.time.sleep(life.plan.rolls[roll].after_ms).await;
    while !life.upload(roll).await {
        life.time.sleep(1_000 + life.below(30_000) as i64).await;
    }
}

/// Pauses, resumes and edits; in the calm everything runs.
async fn admin(life: Rc<Life>, campaign: usize) {
    let mut spec = life.plan.specs[campaign].clone();
    while !life.calm() {
        life.time.sleep(life.below(life.plan.faulty_ms as usize / 4) as i64).await;
        if life.happens(Class::Pauses) {
            spec.state = State::Paused;
            life.insist(campaign, &spec).await;
            life.time.sleep(life.below(120_000) as i64).await;
            spec.state = State::Running;
            life.insist(campaign, &spec).await;
        }
        if life.happens(Class::Edits) {
            let mut dice = crate::tick::Dice::new(life.below(usize::MAX / 2) as u64);
            spec = spec.edited(&mut dice, campaign, life.now_ms());
            life.insist(campaign, &spec).await;
        }
    }
    spec.state = State::Running;
    life.until_taken(campaign, &spec).await;
}

/// Whoever pays, complains, calls, takes a list back or sends it again.
async fn public(life: Rc<Life>) {
    let people = life.books.borrow().people.len();
    while !life.calm() {
        life.time.sleep(life.below(life.plan.faulty_ms as usize / 12) as i64).await;
        if life.happens(Class::Pays) {
            life.with_something_in_mind(pays(life.clone(), life.below(people)));
        }
        if life.happens(Class::DoNotCall) {
            life.with_something_in_mind(complains(life.clone(), life.below(people)));
        }
        if life.happens(Class::Inbound) {
            life.with_something_in_mind(calls_in(life.clone()));
        }
        let roll = life.below(life.plan.rolls.len());
        if life.happens(Class::Withdraws) && life.happens(Class::Withdraws) {
            life.with_something_in_mind(withdraws(life.clone(), roll));
        }
        if life.happens(Class::UploadsAgain) {
            let life = life.clone();
            life.clone().with_something_in_mind(async move {
                life.upload(roll).await;
            });
        }
    }
}

async fn pays(life: Rc<Life>, person: usize) {
    let npwp = life.books.borrow().people[person].npwp.clone();
    life.settle(&npwp).await;
    life.tell(|| format!("person {person} has settled"));
    life.books.borrow_mut().settled.entry(npwp).or_insert(life.now_ms());
}

/// By phone, or by taxpayer number.
async fn complains(life: Rc<Life>, person: usize) {
    let subject = {
        let books = life.books.borrow();
        let person = &books.people[person];
        if life.below(2) == 0 { Someone::e164(&person.row.phones[0]) } else { person.npwp.clone() }
    };
    life.suppress(&subject).await;
    life.tell(|| format!("{subject} must not be called"));
    let now_ms = life.now_ms();
    life.books.borrow_mut().suppressed.entry(subject).or_insert(now_ms);
}

async fn calls_in(life: Rc<Life>) {
    let number = {
        let mut books = life.books.borrow_mut();
        books.inbound += 1;
        books.inbound
    };
    let news = |at_ms| ShardNews::Inbound { call: format!("in-{number}"), at_ms, answered: false };
    life.append(&news(life.now_ms())).await;
    if life.happens(Class::Twice) {
        life.time.sleep(life.below(3_600_000) as i64).await;
        life.append(&news(life.now_ms())).await;
    }
}

async fn withdraws(life: Rc<Life>, roll: usize) {
    let list = {
        let mut books = life.books.borrow_mut();
        let note = &mut books.lists[roll];
        let Some(id) = note.id.clone().filter(|_| !note.withdrawing) else { return };
        note.withdrawing = true;
        id
    };
    life.append(&ShardNews::ListWithdrawn { list }).await;
    life.tell(|| format!("list {roll} is withdrawn"));
    life.books.borrow_mut().lists[roll].withdrawn_ms = Some(life.now_ms());
}

impl Life {
    /// Somebody whom the story's end waits for.
    fn with_something_in_mind(self: &Rc<Self>, body: impl Future<Output = ()> + 'static) {
        let life = self.clone();
        self.books.borrow_mut().pending += 1;
        self.nursery.spawn(None, async move {
            body.await;
            life.books.borrow_mut().pending -= 1;
        });
    }

    async fn settle(self: &Rc<Self>, npwp: &str) {
        let taxpayer_id = list::taxpayer_id(npwp).unwrap_or_default();
        let duty = About::all(&taxpayer_id, Matter::NotFiled);
        self.keep(&duty.key(&self.vault), b"1").await;
    }

    /// `subject`: E.164 or a taxpayer number.
    async fn suppress(self: &Rc<Self>, subject: &str) {
        let taxpayer_id = list::taxpayer_id(subject).unwrap_or_default();
        let of = if subject.starts_with('+') { Subject::Phone(subject) } else { Subject::Taxpayer(&taxpayer_id) };
        let entry = DoNotCall { reason: Reason::Entered, since_ms: self.now_ms(), until_ms: None };
        self.keep(&of.key(&self.vault), &entry.encode()).await;
    }

    /// Writes a value until that is acknowledged.
    async fn keep(self: &Rc<Self>, key: &str, value: &[u8]) {
        self.stir();
        while Shaky::new(self, None).set(key, value).await.is_err() {
            self.time.sleep(1_000).await;
        }
    }

    async fn append(self: &Rc<Self>, news: &ShardNews) {
        self.stir();
        let host = self.below(self.plan.skew_ms.len());
        while log(0).append(&Shaky::new(self, None), &news.encode(), || self.clock_of(host)).await.is_err() {
            self.time.sleep(1_000).await;
        }
    }

    /// An admin who tries a few times.
    async fn insist(self: &Rc<Self>, campaign: usize, spec: &Spec) {
        for _ in 0..4 {
            if self.set_rules(campaign, spec.clone()).await {
                return;
            }
            self.time.sleep(2_000).await;
        }
    }

    /// An admin who does not give up.
    async fn until_taken(self: &Rc<Self>, campaign: usize, spec: &Spec) {
        while !self.set_rules(campaign, spec.clone()).await {
            self.time.sleep(1_000 + self.below(2_000) as i64).await;
        }
    }

    async fn set_rules(self: &Rc<Self>, campaign: usize, spec: Spec) -> bool {
        self.stir();
        let id = campaign_id(campaign);
        let Ok((_, settings)) = Campaign::parse(spec.settings(campaign)) else {
            self.found("plan", format!("the campaign is not taken: {}", spec.settings(campaign)));
            return false;
        };
        let state = spec.state;
        let edit = self.books.borrow_mut().edit_begins(campaign, spec);
        let pause = async |ms: u64| self.time.sleep(ms as i64).await;
        let change =
            |_: Option<&Campaign>| Ok(Some(Campaign { id: id.clone(), state, version: 0, settings: settings.clone() }));
        let taken = campaign::edit(&Shaky::new(self, None), pause, &id, change).await.is_ok();
        self.tell(|| {
            format!("edit {edit} of campaign {campaign} ({state:?}): {}", if taken { "taken" } else { "failed" })
        });
        if taken {
            self.books.borrow_mut().edit_taken(campaign, edit, self.now_ms());
        }
        taken
    }

    pub async fn upload(self: &Rc<Self>, roll: usize) -> bool {
        self.stir();
        let list = &self.plan.rolls[roll];
        let (y, m, d) = date(local_day(self.plan.start_ms, WIB));
        let rules = Rules {
            as_of: jiff::civil::date(y as i16, m as i8, d as i8),
            matter: Matter::NotFiled,
            ..Rules::default()
        };
        let label = Label { campaign: campaign_id(list.campaign), name: format!("daftar {roll}"), ..Label::default() };
        let host = self.below(self.plan.skew_ms.len());
        let store = Shaky::new(self, None);
        let dice = |bytes: &mut [u8]| self.fill(bytes);
        let taken = async {
            let mut intake = Intake::new(&store, &self.vault, &dice, 1, label, rules);
            intake.push(csv(list).as_bytes()).await?;
            intake.finish(|| self.clock_of(host), async |ms| self.time.sleep(ms as i64).await).await
        };
        let manifest: Manifest = match taken.await {
            Ok(Taken::New(manifest) | Taken::Known(manifest)) => manifest,
            Err(problem) => {
                self.tell(|| format!("the upload of list {roll} fails: {}", problem.detail));
                return false;
            }
        };
        let (good, bad) = (list.people.len() as u64, list.bad as u64);
        if (manifest.accepted, manifest.rejected, manifest.rows) != (good, bad, good + bad) {
            self.found("R10", format!("{good} good rows and {bad} bad ones became {manifest:?}"));
        }
        self.tell(|| format!("list {roll} is taken as {}", manifest.list));
        let mut books = self.books.borrow_mut();
        let known = books.lists[roll].id.get_or_insert(manifest.list.clone());
        if *known != manifest.list {
            self.found("R8", format!("one file became two lists: {known} and {}", manifest.list));
        }
        true
    }

    fn finished(&self) -> bool {
        let books = self.books.borrow();
        books.pending == 0 && books.lists.iter().all(|l| l.id.is_some()) && self.at_rest.get()
    }

    async fn ticks(self: &Rc<Self>, n: usize) {
        for _ in 0..n {
            begin(self, 0);
            self.time.sleep(8_000).await;
        }
    }

    /// Everything that was ever received is received again, or one in `part` of it.
    async fn replay(self: &Rc<Self>, part: usize) {
        self.tell(|| format!("one in {part} of all is received again"));
        let again = || self.below(part) == 0;
        let told = self.books.borrow().told();
        for (call, news) in told {
            if again() {
                self.hook(&call.seal(&self.vault), &news).await;
            }
        }
        for roll in 0..self.plan.rolls.len() {
            if again() {
                self.upload(roll).await;
            }
        }
        let (mut settled, mut suppressed, mut withdrawn) = (Vec::new(), Vec::new(), Vec::new());
        {
            let books = self.books.borrow();
            settled.extend(books.settled.keys().cloned());
            suppressed.extend(books.suppressed.keys().cloned());
            withdrawn.extend(books.lists.iter().filter(|l| l.withdrawn_ms.is_some()).filter_map(|l| l.id.clone()));
        }
        settled.sort_unstable();
        suppressed.sort_unstable();
        for npwp in settled.iter().filter(|_| again()) {
            self.settle(npwp).await;
        }
        for subject in suppressed.iter().filter(|_| again()) {
            self.suppress(subject).await;
        }
        for list in withdrawn.into_iter().filter(|_| again()) {
            self.append(&ShardNews::ListWithdrawn { list }).await;
        }
        self.time.sleep(4_000).await;
    }
}

pub fn campaign_id(campaign: usize) -> String {
    format!("c{campaign}")
}

fn csv(list: &Roll) -> String {
    let mut text = "NPWP;NAMA WP;NO TELP/HP;PERIHAL;JATUH TEMPO;PROVINSI\n".to_owned();
    for row in &list.people {
        let phones: Vec<String> = row.phones.iter().map(|p| format!("0{p}")).collect();
        let (npwp, phones, due) = (row.npwp(), phones.join("/"), iso(row.due));
        let _ = writeln!(text, "{npwp};Orang Rekaan {};{phones};BELUM LAPOR SPT;{due};{}", row.number, row.province);
    }
    for number in 0..list.bad {
        let _ = writeln!(text, "{};Orang Rekaan;12;BELUM LAPOR SPT;{};", npwp(700_000 + number as u32, "013"), iso(0));
    }
    text
}
