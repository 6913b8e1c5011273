//! The numbers of a model on the host, by name: `block1.convolution.weight`, …, `head.bias`.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::model::net::Net;
use crate::model::plan::{Architecture, BlockPlan};

/// Every tensor of a model, running statistics included.
pub(crate) type HostTensors = BTreeMap<String, HostTensor>;

/// One tensor, row-major, in f64 whatever type the model has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HostTensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

/// The values of a tensor in f64, row-major.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("converted to f64")
}

/// The numbers of a model that is not on an autodiff device.
pub(crate) fn read(net: &Net) -> HostTensors {
    let mut reader = Reader::default();
    net.visit(&mut reader);
    reader.tensors
}

/// The model with these numbers, where they have its shapes.
pub(crate) fn write(net: Net, tensors: &HostTensors, device: &Device, dtype: DType) -> Net {
    net.map(&mut Writer { place: Place::default(), tensors, device, dtype })
}

/// The shape of every tensor of a model, with nothing allocated.
pub(crate) fn shapes(plan: &Architecture, classes: usize) -> BTreeMap<String, Vec<usize>> {
    let blocks = plan.blocks.iter().enumerate().flat_map(|(index, block)| {
        let name = BlockPlan::name(index);
        block_shapes(block).into_iter().map(move |(tensor, shape)| (format!("{name}.{tensor}"), shape))
    });
    let head = [("head.weight".to_owned(), vec![plan.features, classes]), ("head.bias".to_owned(), vec![classes])];
    blocks.chain(head).collect()
}

fn block_shapes(block: &BlockPlan) -> Vec<(&'static str, Vec<usize>)> {
    let ([channels_in, channels], [height, width]) = (block.convolution.channels, block.convolution.kernel_size);
    let mut shapes = vec![("convolution.weight", vec![channels, channels_in, height, width])];
    shapes.extend(block.bias.as_ref().map(|bias| ("convolution.bias", bias.dims.to_vec())));
    let Some(spec) = block.norm.kind.spec() else { return shapes };
    let beta = spec.beta.filter(|_| block.norm.beta);
    let running = spec.running_layout();
    let norm = [
        ("norm.gamma", spec.gamma),
        ("norm.beta", beta),
        ("norm.running_mean", running),
        ("norm.running_var", running),
    ];
    shapes.extend(norm.into_iter().filter_map(|(tensor, layout)| Some((tensor, vec![layout?.count(block.output)]))));
    shapes
}

/// Where in a model Burn's visitors and mappers are.
#[derive(Default)]
struct Place(Vec<String>);

impl Place {
    fn enter(&mut self, name: &str, container: &str) {
        let is_variant = container.starts_with("Enum:");
        self.0.push(if is_variant { String::new() } else { name.to_owned() });
    }

    fn leave(&mut self) {
        self.0.pop();
    }

    /// `blocks`, `0`, `norm`, ``, `gamma` → `block1.norm.gamma`.
    fn name(&self) -> String {
        let mut parts: Vec<String> = self.0.iter().filter(|part| !part.is_empty()).cloned().collect();
        if let [blocks, index, ..] = parts.as_slice()
            && blocks == "blocks"
            && let Ok(index) = index.parse()
        {
            parts.splice(..2, [BlockPlan::name(index)]);
        }
        parts.join(".")
    }
}

#[derive(Default)]
struct Reader {
    place: Place,
    tensors: HostTensors,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.place.leave();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = HostTensor { shape: param.dims().to_vec(), values: host(param.val()) };
        self.tensors.insert(self.place.name(), tensor);
    }
}

struct Writer<'a> {
    place: Place,
    tensors: &'a HostTensors,
    device: &'a Device,
    dtype: DType,
}

impl ModuleMapper for Writer<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.place.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.place.leave();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let tensor = self.tensors.get(&self.place.name()).filter(|tensor| tensor.shape == param.dims());
        let Some(tensor) = tensor else { return param };
        let data = TensorData::new(tensor.values.clone(), tensor.shape.clone());
        Param::from_tensor(Tensor::from_data(data, (self.device, self.dtype)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::trained_model::tests::{every_model, made_up};

    #[test]
    fn the_planned_shapes_are_those_of_the_model() {
        for model in every_model() {
            let trained = made_up(model.clone());
            let device = Device::flex();
            let net = Net::new(&trained.plan, trained.classes, 0, &device, DType::F64);
            let tensors = read(&net);
            let found: BTreeMap<_, _> =
                tensors.iter().map(|(name, tensor)| (name.clone(), tensor.shape.clone())).collect();
            assert_eq!(found, shapes(&trained.plan, trained.classes), "{model:?}");
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
