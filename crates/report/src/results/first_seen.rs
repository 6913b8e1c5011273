//! Values numbered in the order of their first appearance, which is grid order.

use std::collections::HashMap;
use std::hash::Hash;

/// Finds a value's number in constant time: studies may have thousands of variants.
#[derive(Debug)]
pub(crate) struct FirstSeen<T> {
    numbers: HashMap<T, usize>,
    values: Vec<T>,
}

impl<T: Clone + Eq + Hash> FirstSeen<T> {
    pub(crate) fn new() -> Self {
        Self { numbers: HashMap::new(), values: Vec::new() }
    }

    /// The number of a value; a new one gets the next.
    pub(crate) fn number(&mut self, value: T) -> usize {
        let next = self.values.len();
        *self.numbers.entry(value).or_insert_with_key(|value| {
            self.values.push(value.clone());
            next
        })
    }

    /// The number of a value that was seen.
    pub(crate) fn get(&self, value: &T) -> Option<usize> {
        self.numbers.get(value).copied()
    }

    pub(crate) fn values(&self) -> &[T] {
        &self.values
    }

    pub(crate) fn into_values(self) -> Vec<T> {
        self.values
    }
}

/// The members of each value, the values in the order of their first appearance.
pub(crate) fn group<T: Clone + Eq + Hash, M>(members: impl Iterator<Item = (T, M)>) -> Vec<(T, Vec<M>)> {
    let (mut seen, mut groups) = (FirstSeen::new(), Vec::new());
    for (value, member) in members {
        let number = seen.number(value);
        if number == groups.len() {
            groups.push(Vec::new());
        }
        groups[number].push(member);
    }
    seen.into_values().into_iter().zip(groups).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_come_in_the_order_of_their_first_member() {
        let grouped = group([("b", 1), ("a", 2), ("b", 3)].into_iter());
        assert_eq!(grouped, [("b", vec![1, 3]), ("a", vec![2])]);
    }
}
