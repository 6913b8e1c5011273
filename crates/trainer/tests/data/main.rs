//! Data sets: what is read, what is refused, and what becomes of images.

mod awkward;
mod cache;
mod cifar;
mod files;
mod idx;
mod image_folder;
mod kinds;
#[path = "../../../lint/tests/it/mutate.rs"]
mod mutate;
mod mutated;
mod npz;
mod recognise;
mod selection;
