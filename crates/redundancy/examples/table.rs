//! Prints the redundancy table, as the READMEs show it.
#![expect(clippy::print_stdout, reason = "an example shows its result")]

use untied_redundancy::RedundancyTable;

fn main() {
    print!("{}", RedundancyTable::new().markdown());
}
