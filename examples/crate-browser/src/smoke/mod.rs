//! A scripted visit: every page cold and warm, then writes, and after each what became fresh.
//!
//! Every page is also asked for with the cache off, which runs every query: the two must be the same to the
//! letter, whatever was written before.

pub mod client;
pub mod plan;
pub mod report;

use crate::failure::Failure;
use client::{Answer, Client};
pub use plan::Subjects;
use plan::{Page, Write};
use report::Report;
use std::{collections::BTreeMap, net::SocketAddr};

/// Visits the server at `address` and prints what it cost.
///
/// # Errors
/// When the server cannot be reached, and when an expectation failed; the printed lines say which.
pub async fn visit(address: SocketAddr, subjects: &Subjects) -> Result<(), Failure> {
    let client = Client::new(address);
    let mut report = Report::default();
    let mut known = BTreeMap::new();

    report.heading_of_pages();
    for page in plan::pages(subjects) {
        let cold = look(&client, &page, &mut report).await?;
        let warm = look(&client, &page, &mut report).await?;
        let off = client.get(&page.uncached()).await?;
        report.page(&page, &cold, &warm, &off);
        report.expect(warm.statements() == 0, || {
            format!("{page}: the second visit ran {} statements", warm.statements())
        });
        report.expect(!warm.is_fresh(), || format!("{page}: the second visit missed the cache"));
        report.expect(warm.content() == cold.content(), || format!("{page}: the second visit shows something else"));
        report.expect(warm.content() == off.content(), || format!("{page}: shows something else with the cache off"));
        known.insert(page.path.clone(), warm.content().to_owned());
    }

    for write in plan::writes(subjects) {
        write_and_look(&client, subjects, &write, &mut known, &mut report).await?;
    }
    explained(&client, subjects, &mut report).await?;
    report.finish()
}

async fn look(client: &Client, page: &Page, report: &mut Report) -> Result<Answer, Failure> {
    let answer = client.get(&page.path).await?;
    report.expect(answer.status == 200, || format!("{page}: answered {}", answer.status));
    Ok(answer)
}

async fn write_and_look(
    client: &Client,
    subjects: &Subjects,
    write: &Write,
    known: &mut BTreeMap<String, String>,
    report: &mut Report,
) -> Result<(), Failure> {
    let path = match write.path.strip_suffix("LAST") {
        Some(start) => last_note(client, subjects, start).await?,
        None => write.path.clone(),
    };
    let answer = client.post(&path, &write.form).await?;
    report.expect(answer.status == 303, || format!("{}: answered {}", write.label, answer.status));

    let mut fresh = Vec::new();
    let mut kept = Vec::new();
    for page in plan::pages(subjects) {
        let now = look(client, &page, report).await?;
        let off = client.get(&page.uncached()).await?;
        report.expect(now.content() == off.content(), || format!("{page}: stale after “{}”", write.label));
        let before = known.insert(page.path.clone(), now.content().to_owned());
        if write.changes.contains(&page.name) {
            report.expect(before.as_deref() != Some(now.content()), || {
                format!("{page}: shows nothing new after “{}”", write.label)
            });
            report.expect(now.is_fresh(), || format!("{page}: was not dropped by “{}”", write.label));
        }
        if !write.changes.contains(&page.name) && !write.may_drop.contains(&page.name) {
            report.expect(!now.is_fresh(), || format!("{page}: was dropped by “{}” for nothing", write.label));
        }
        if now.is_fresh() { fresh.push((page, now.statements())) } else { kept.push(page) }
    }
    report.write(write, &fresh, &kept);
    Ok(())
}

/// The form that deletes the note which stands last on the page.
async fn last_note(client: &Client, subjects: &Subjects, start: &str) -> Result<String, Failure> {
    let page = client.get(&format!("/crate/{}", subjects.main)).await?;
    let id = page.body.rsplit_once(start).and_then(|(_, rest)| rest.split_once('/')).map(|(id, _)| id.to_owned());
    let id = id.ok_or_else(|| Failure::new("the note that was added is not shown", "look at the lines above"))?;
    Ok(format!("{start}{id}/delete"))
}

/// The page about what happened names the writes and what they dropped.
async fn explained(client: &Client, subjects: &Subjects, report: &mut Report) -> Result<(), Failure> {
    let page = client.get("/activity").await?;
    for word in ["star", "note", "crate_keyword", &format!("crate_id = {}", subjects.main_id)] {
        report.expect(page.body.contains(word), || format!("activity: does not mention “{word}”"));
    }
    Ok(())
}
