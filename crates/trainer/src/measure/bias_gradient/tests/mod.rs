//! Certificates on real layers: what is redundant is certified, and what is wrong anywhere never is.

mod counterexamples;
mod definition;
mod mutants;
mod redundant;
mod steps;
