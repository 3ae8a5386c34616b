//! What is asked.

mod admission;
mod condition;
mod forwarded;
mod key;

use http::{HeaderMap, HeaderName, header};

pub(crate) use admission::{Pass, Reading, admit, is_credential};
pub(crate) use condition::IfNoneMatch;
pub(crate) use key::{asked, key, tag};

use crate::settings::Settings;

/// Conditions that are put to what is stored, and not to the handler: it would have nothing to store.
static CONDITIONS: [HeaderName; 2] = [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE];

/// Takes away what the handler must not see, because its answer goes to others who have not sent it.
pub(crate) fn hide(settings: &Settings, headers: &mut HeaderMap) {
    for name in CONDITIONS.iter().chain(&settings.ignored) {
        headers.remove(name);
    }
    if settings.only_named {
        let hidden: Vec<HeaderName> = headers.keys().filter(|name| !shows(settings, name)).cloned().collect();
        for name in hidden {
            headers.remove(name);
        }
        if !settings.vary_by.contains(&header::FORWARDED) {
            forwarded::hide_addresses(headers);
        }
    }
}

/// Whether the handler sees a field although only those that are named are shown to it.
fn shows(settings: &Settings, name: &HeaderName) -> bool {
    settings.vary_by.contains(name) || forwarded::NAMES.contains(name)
}

/// Whether everybody whose request has this key gets the same answer, in spite of its `Vary` that names this field: it is a part of the
/// key, or the handler has not seen it.
pub(crate) fn covers(settings: &Settings, name: &HeaderName) -> bool {
    let is_whole = *name != header::FORWARDED || settings.only_named;
    settings.accounts_for(name) || settings.only_named || forwarded::NAMES.contains(name) && is_whole
}
