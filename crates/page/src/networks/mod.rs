//! The networks of the page's third part, as text, and the code that follows their biases.

mod nets;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(crate) use nets::NETS;

/// `untied-flow` as WebAssembly, built by `../flow/build-wasm`.
const FLOW: &[u8] = include_bytes!("untied_flow.wasm");

/// The code, for the page's script.
pub(crate) fn flow() -> String {
    STANDARD.encode(FLOW)
}

/// All networks, in the order of [`NETS`].
pub(crate) fn texts() -> Vec<String> {
    NETS.iter().map(nets::Net::text).collect()
}
