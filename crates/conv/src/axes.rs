//! Arrays of one value per spatial axis in configuration files, where they are lists.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<T: Serialize, S: Serializer, const D: usize>(
    axes: &[T; D],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    axes.as_slice().serialize(serializer)
}

pub(crate) fn deserialize<'de, T: DeserializeOwned, De: Deserializer<'de>, const D: usize>(
    deserializer: De,
) -> Result<[T; D], De::Error> {
    let axes = Vec::<T>::deserialize(deserializer)?;
    let count = axes.len();
    axes.try_into().map_err(|_| De::Error::invalid_length(count, &format!("one per spatial axis, {D}").as_str()))
}

/// The same where there may be none.
pub(crate) mod optional {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes fields by reference")]
    pub(crate) fn serialize<S: Serializer, const D: usize>(
        axes: &Option<[usize; D]>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        axes.as_ref().map(<[usize; D]>::as_slice).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, De: Deserializer<'de>, const D: usize>(
        deserializer: De,
    ) -> Result<Option<[usize; D]>, De::Error> {
        let Some(axes) = Option::<Vec<usize>>::deserialize(deserializer)? else { return Ok(None) };
        let count = axes.len();
        let axes = axes.try_into();
        axes.map(Some).map_err(|_| De::Error::invalid_length(count, &format!("one per spatial axis, {D}").as_str()))
    }
}
