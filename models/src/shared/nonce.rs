//! Nonces, and the renaming that makes states comparable.

/// A random token of the store; two draws are never equal.
///
/// The model draws small numbers. Only equality means anything, so after every step all nonces are renamed in the order
/// of their occurrence, and states that differ in nothing else coincide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Nonce(u8);

impl Nonce {
    /// No nonce: the key is missing.
    pub const MISSING: Nonce = Nonce(0);

    /// Whether there is one.
    pub const fn exists(self) -> bool {
        self.0 != 0
    }
}

/// Something that holds nonces.
pub trait Nonces {
    /// Calls `visit` on each nonce, always in the same order.
    fn each_nonce(&mut self, visit: &mut impl FnMut(&mut Nonce));
}

/// Draws nonces that occur nowhere in the state.
#[derive(Clone, Copy, Debug)]
pub struct Draw(u8);

impl Draw {
    /// A source for what is held by `holder`, which is looked through once.
    pub fn beyond(holder: &mut impl Nonces) -> Draw {
        let mut greatest = 0;
        holder.each_nonce(&mut |nonce| greatest = greatest.max(nonce.0));
        Draw(greatest)
    }

    /// The next one.
    pub fn nonce(&mut self) -> Nonce {
        self.0 += 1;
        Nonce(self.0)
    }
}

/// Renames all nonces in the order of their first occurrence.
pub fn rename(holder: &mut impl Nonces) {
    let mut names = [0u8; 64];
    let mut next = 1;
    holder.each_nonce(&mut |nonce| {
        if nonce.exists() {
            let name = &mut names[nonce.0 as usize];
            if *name == 0 {
                *name = next;
                next += 1;
            }
            nonce.0 = *name;
        }
    });
}
