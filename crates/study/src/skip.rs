//! Keys that resolved configs leave out where they are at their default, so that cells of older results keep their hash.

/// For `skip_serializing_if`.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
