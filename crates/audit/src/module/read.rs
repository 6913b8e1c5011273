use std::collections::HashSet;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{DType, Gradients, Tensor};

/// A parameter that trains.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    /// As Burn's records have it: the fields on the way to it, with dots between.
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: DType,
    pub(crate) values: Vec<f64>,
}

/// ∂J/∂θ of one parameter, row-major.
pub(crate) type Gradient = Vec<f64>;

/// The parameters that train, in the order of the module; one that stands at several places once, by its first name.
pub(crate) fn parameters<M: Module>(module: &M) -> Vec<Parameter> {
    let mut reader = Reader { path: vec![], seen: HashSet::new(), gradients: None, parameters: vec![], read: vec![] };
    module.visit(&mut reader);
    reader.parameters
}

/// The gradients of the same parameters; zeros where the outputs do not depend on one.
pub(super) fn gradients<M: Module>(module: &M, gradients: &Gradients) -> Vec<Gradient> {
    let gradients = Some(gradients);
    let mut reader = Reader { path: vec![], seen: HashSet::new(), gradients, parameters: vec![], read: vec![] };
    module.visit(&mut reader);
    reader.read
}

struct Reader<'a> {
    path: Vec<String>,
    seen: HashSet<ParamId>,
    gradients: Option<&'a Gradients>,
    parameters: Vec<Parameter>,
    read: Vec<Gradient>,
}

impl ModuleVisitor for Reader<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.base();
        if !tensor.is_require_grad() || !self.seen.insert(param.id) {
            return;
        }
        if let Some(gradients) = self.gradients {
            let zeros = || vec![0.0; tensor.shape().num_elements()];
            self.read.push(tensor.grad(gradients).map_or_else(zeros, host));
            return;
        }
        self.parameters.push(Parameter {
            name: self.path.join("."),
            shape: tensor.dims().to_vec(),
            dtype: tensor.dtype(),
            values: host(tensor),
        });
    }
}

/// The values of a tensor in f64, row-major.
pub(super) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("converted to f64")
}
