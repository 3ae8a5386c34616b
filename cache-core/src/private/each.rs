//! Querysets that may be absent: `(&Each(&queryset)).each()` gives what is in an `Option`, and anything else as it is.

use std::fmt;

/// A queryset, or an `Option` of one.
pub struct Each<'a, Q: ?Sized>(pub &'a Q);

/// Chosen for `Option`.
pub trait ViaOption<'a> {
    /// What is inside.
    type Queryset: ?Sized;

    /// The queryset, if there is one.
    fn each(&self) -> Option<&'a Self::Queryset>;
}

impl<'a, Q> ViaOption<'a> for Each<'a, Option<Q>> {
    type Queryset = Q;

    fn each(&self) -> Option<&'a Q> {
        self.0.as_ref()
    }
}

/// Chosen for everything else.
pub trait ViaItself<'a> {
    /// The queryset's type.
    type Queryset: ?Sized;

    /// The queryset.
    fn each(&self) -> Option<&'a Self::Queryset>;
}

impl<'a, Q: ?Sized> ViaItself<'a> for &Each<'a, Q> {
    type Queryset = Q;

    fn each(&self) -> Option<&'a Q> {
        Some(self.0)
    }
}

impl<Q: ?Sized> fmt::Debug for Each<'_, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Each<{}>", std::any::type_name::<Q>())
    }
}
