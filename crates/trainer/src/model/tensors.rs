//! The tensors of a model on the host, by name: `block1.convolution.weight`, …, `head.bias`.

use untied_redundancy::network::NodeId;

pub(crate) use super::host_tensor::{HostTensor, HostTensors, host};
use super::net::{Layer, Net};
use super::plan::{is_behind_linear, tensor_name};

/// The tensors of a model.
pub(crate) fn read(net: &Net) -> HostTensors {
    let network = &net.plan().network;
    let of_layer = |(id, layer): (NodeId, &Layer)| {
        let node = network.node(id);
        let named = |part: &str, tensor| (tensor_name(node, part), tensor);
        match layer {
            Layer::Convolution(weight) => vec![named("weight", HostTensor::of(weight.val()))],
            Layer::Linear(weight) => vec![named("weight", HostTensor::of(weight.val()))],
            Layer::Bias(terms) => {
                let mut bias = match terms.as_slice() {
                    [term] => HostTensor::of(term.val()),
                    terms => {
                        let values: Vec<f64> = terms.iter().flat_map(|term| host(term.val())).collect();
                        HostTensor { shape: vec![values.len()], values }
                    }
                };
                if is_behind_linear(network, node) {
                    bias.shape.truncate(1);
                }
                vec![named("bias", bias)]
            }
            Layer::Norm(norm) => {
                norm.tensors().into_iter().map(|(part, tensor)| named(part, HostTensor::of(tensor))).collect()
            }
        }
    };
    net.layers().flat_map(of_layer).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use burn::tensor::{DType, Device};

    use super::*;
    use crate::export::trained_model::tests::{every_model, made_up};

    #[test]
    fn the_planned_shapes_are_those_of_the_model() {
        for model in every_model() {
            let trained = made_up(model.clone());
            let device = Device::flex();
            let net = Net::new(&trained.plan, 0, &device, DType::F64);
            let tensors = read(&net);
            let found: BTreeMap<_, _> =
                tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape.clone())).collect();
            assert_eq!(found, trained.plan.tensors(), "{model:?}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for model in every_model() {
            let trained = made_up(model);
            assert_eq!(read(&trained.net(&Device::flex(), DType::F64)), trained.tensors);
        }
    }
}
