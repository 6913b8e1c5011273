//! Trained models as ONNX files.

mod graph;
mod norm;
mod operation;

use burn::tensor::DType;
use prost::Message;
use untied_onnx::{FLOAT, metadata, model, value};

use super::agreement::cpu;
use super::error::ModelError;
use super::trained_model::TrainedModel;
use graph::{Graph, INPUT, OUTPUT};

/// The first one whose group norm has a γ and a β for each channel.
const OPSET: i64 = 21;

impl TrainedModel {
    /// The model as an ONNX file of standard operators, opset 21, as it computes in evaluation.
    ///
    /// Its numbers are in f32, which runtimes compute in, whatever its own type is. Nodes are called as in this program, and
    /// tensors as in its `.safetensors` files. A tied bias is the bias of its convolution; the terms of any other are
    /// constants that additions add. Batch norm per activation is batch norm of a vector. What makes a weight of
    /// its parameters, and dropout, are gone. The metadata have `mean` and `deviation` of the pixels, 0 to 255, that are
    /// subtracted and divided by before an image goes in; `classes`; and `class_names`, JSON, where the data have names.
    ///
    /// # Shapes
    /// `images` `[n, c, h, w]`, `scores` `[n, classes]`, with any n; a class's probability is its part of the softmax.
    ///
    /// # Errors
    /// If no device that computes in f64 is compiled in.
    pub fn to_onnx(&self) -> Result<Vec<u8>, ModelError> {
        let net = self.net(&cpu()?, DType::F64);
        let mut graph = Graph::new(self, &net);
        for (id, _) in net.plan().network.nodes() {
            graph.add(id);
        }
        let (nodes, tensors) = graph.finish();
        let [channels, height, width] = self.input.map(Some);
        let input = value(INPUT, FLOAT, &[None, channels, height, width]);
        let output = value(OUTPUT, FLOAT, &[None, Some(self.classes)]);
        let mut proto = model(OPSET, nodes, tensors, input, output);
        (proto.producer_name, proto.producer_version) =
            (Some("untied".to_owned()), Some(env!("CARGO_PKG_VERSION").to_owned()));
        proto.metadata_props = self.about().into_iter().map(|(key, text)| metadata(key, &text)).collect();
        Ok(proto.encode_to_vec())
    }
}
