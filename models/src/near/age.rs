//! Time that has no beginning and no end.

/// Ticks since something happened, as far as they matter: beyond the bound all ages are alike.
///
/// With ages instead of times the search needs no horizon: it covers histories of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Age(u8);

impl Age {
    /// It happened just now.
    pub const NOW: Age = Age(0);
    /// It happened long ago, or never.
    pub const LONG: Age = Age(u8::MAX);

    /// Whether it is at most that many ticks ago.
    pub const fn is_within(self, bound: u8) -> bool {
        self.0 <= bound
    }

    /// The same, a tick later.
    pub const fn later(self, bound: u8) -> Age {
        if self.0 < bound { Age(self.0 + 1) } else { Age::LONG }
    }
}
