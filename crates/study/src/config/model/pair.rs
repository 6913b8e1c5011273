//! Sizes along height and width.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Height and width: `[5, 3]`, or one number for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pair(pub [usize; 2]);

impl From<usize> for Pair {
    fn from(size: usize) -> Self {
        Self([size; 2])
    }
}

impl<'de> Deserialize<'de> for Pair {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PairVisitor)
    }
}

struct PairVisitor;

impl<'de> Visitor<'de> for PairVisitor {
    type Value = Pair;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, or two: [height, width]")
    }

    fn visit_u64<E: Error>(self, size: u64) -> Result<Pair, E> {
        let size = usize::try_from(size).map_err(|_| E::custom(format!("the number {size} is too large")))?;
        Ok(size.into())
    }

    fn visit_i64<E: Error>(self, size: i64) -> Result<Pair, E> {
        let expected = |_| E::custom(format!("expected a whole number from 0 on, found {size}"));
        Ok(usize::try_from(size).map_err(expected)?.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sizes: A) -> Result<Pair, A::Error> {
        let mut found = Vec::new();
        while let Some(size) = sizes.next_element::<usize>()? {
            found.push(size);
        }
        let pair = <[usize; 2]>::try_from(found);
        pair.map(Pair).map_err(|found| A::Error::custom(format!("expected [height, width], found {found:?}")))
    }
}

impl JsonSchema for Pair {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Pair".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let size = json_schema!({ "type": "integer", "minimum": 0 });
        json_schema!({ "anyOf": [size, { "type": "array", "items": size, "minItems": 2, "maxItems": 2 }] })
    }
}
