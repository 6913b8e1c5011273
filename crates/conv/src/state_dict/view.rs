//! A module as a file of some layout has it: stores of burn-store read and write it as any other module.

use burn::module::{Devices, Flag, Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, DType, Device, Int, Tensor};

use super::naming::{Change, Layout, Naming, Shapes};

/// The module, under names that begin with `prefix`.
#[derive(Debug, Clone)]
pub(super) struct View<'a, M> {
    pub(super) module: M,
    pub(super) layout: Layout,
    pub(super) prefix: String,
    /// The file that is read; none while one is written.
    pub(super) file: Option<&'a Shapes>,
}

impl<M: Module> View<'_, M> {
    fn naming(&self) -> Naming<'_> {
        Naming::new(self.layout, &self.prefix, self.file)
    }
}

impl<M: Module> Module for View<'_, M> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        let naming = self.naming();
        let prefix = naming.prefix();
        for name in &prefix {
            visitor.enter_module(name, "");
        }
        self.module.visit(&mut Translated { to: visitor, naming });
        for name in prefix.iter().rev() {
            visitor.exit_module(name, "");
        }
    }

    fn map<T: ModuleMapper>(self, mapper: &mut T) -> Self {
        let Self { module, layout, prefix, file } = self;
        let naming = Naming::new(layout, &prefix, file);
        let names = naming.prefix();
        for name in &names {
            mapper.enter_module(name, "");
        }
        let module = module.map(&mut Translated { to: mapper, naming });
        for name in names.iter().rev() {
            mapper.exit_module(name, "");
        }
        Self { module, layout, prefix, file }
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.module.collect_devices(devices)
    }

    fn to_device(self, device: &Device) -> Self {
        Self { module: self.module.to_device(device), ..self }
    }

    fn fork(self, device: &Device) -> Self {
        Self { module: self.module.fork(device), ..self }
    }

    fn train(self) -> Self {
        Self { module: self.module.train(), ..self }
    }

    fn valid(&self) -> Self {
        Self { module: self.module.valid(), ..self.clone() }
    }

    fn materialize(self) -> Self {
        Self { module: self.module.materialize(), ..self }
    }
}

/// A visitor or mapper that gets the parameters under their names and in their shapes in a file.
///
/// It is not told what kind of module a parameter is in: adapters of stores, such as the one that a PyTorch store always
/// has, would change it once more.
struct Translated<'a, T> {
    to: &'a mut T,
    naming: Naming<'a>,
}

/// The kind of module as stores may know it.
fn shown(container: &str) -> &str {
    if container.starts_with("Struct:") { "" } else { container }
}

fn trim<const D: usize, const E: usize>(tensor: Tensor<D>) -> Tensor<E> {
    let dims = tensor.dims();
    tensor.reshape(std::array::from_fn::<_, E, _>(|axis| dims[axis]))
}

/// In another float type, by way of the host: the device may lack the file's.
fn of_type<const D: usize>(tensor: Tensor<D>, dtype: DType) -> Tensor<D> {
    if tensor.dtype() == dtype {
        return tensor;
    }
    let device = tensor.device();
    Tensor::from_data(tensor.into_data().convert_dtype(dtype), (&device, dtype))
}

fn count<const D: usize>(batches: Tensor<D>) -> Tensor<1, Int> {
    batches.reshape([1]).int().cast(DType::I64)
}

impl<V: ModuleVisitor> ModuleVisitor for Translated<'_, V> {
    fn enter_module(&mut self, name: &str, container: &str) {
        if let Some(name) = self.naming.enter(name, container) {
            self.to.enter_module(name, shown(container));
        }
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        if let Some(name) = self.naming.exit() {
            self.to.exit_module(&name, shown(container));
        }
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // As a file has it, which may not be the shape of the parameter itself.
        let value = || param.transform_for_save().val();
        match self.naming.change(&param.lazy_shape()) {
            Change::Nothing => self.to.visit_float(param),
            Change::Transposed => self.to.visit_float(&Param::initialized(param.id, value().swap_dims(0, 1))),
            Change::Trimmed(1) => self.to.visit_float(&Param::initialized(param.id, trim::<D, 1>(value()))),
            Change::Trimmed(2) => self.to.visit_float(&Param::initialized(param.id, trim::<D, 2>(value()))),
            Change::Trimmed(_) => self.to.visit_float(&Param::initialized(param.id, trim::<D, 3>(value()))),
            Change::Count => self.to.visit_int(&Param::initialized(param.id, count(value()))),
        }
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        self.to.visit_int(param);
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        self.to.visit_bool(param);
    }

    fn visit_flag(&mut self, flag: &Param<Flag>) {
        self.to.visit_flag(flag);
    }
}

impl<T: ModuleMapper> Translated<'_, T> {
    /// What the mapper makes of another form of a parameter, in its own form and float type.
    fn through<const D: usize, const E: usize>(
        &mut self,
        param: Param<Tensor<D>>,
        to: impl FnOnce(Tensor<D>) -> Tensor<E>,
        back: impl FnOnce(Tensor<E>) -> Tensor<D>,
    ) -> Param<Tensor<D>> {
        let value = param.transform_for_save().val();
        let dtype = value.dtype();
        let mapped = self.to.map_float(Param::initialized(param.id, to(value)));
        let (id, value, _) = mapped.consume();
        param.transform_for_load(back(of_type(value, dtype)).detach(), id)
    }
}

impl<T: ModuleMapper> ModuleMapper for Translated<'_, T> {
    fn enter_module(&mut self, name: &str, container: &str) {
        if let Some(name) = self.naming.enter(name, container) {
            self.to.enter_module(name, shown(container));
        }
    }

    fn exit_module(&mut self, _: &str, container: &str) {
        if let Some(name) = self.naming.exit() {
            self.to.exit_module(&name, shown(container));
        }
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.transform_for_save().lazy_shape();
        let dims: [usize; D] = std::array::from_fn(|axis| shape[axis]);
        match self.naming.change(&shape) {
            Change::Nothing => self.through(param, |value| value, |value| value),
            Change::Transposed => self.through(param, |value| value.swap_dims(0, 1), |value| value.swap_dims(0, 1)),
            Change::Trimmed(1) => self.through(param, trim::<D, 1>, |value| value.reshape(dims)),
            Change::Trimmed(2) => self.through(param, trim::<D, 2>, |value| value.reshape(dims)),
            Change::Trimmed(_) => self.through(param, trim::<D, 3>, |value| value.reshape(dims)),
            // A scalar in files, which no tensor of Burn is: read apart.
            Change::Count => param,
        }
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        self.to.map_int(param)
    }

    fn map_bool<const D: usize>(&mut self, param: Param<Tensor<D, Bool>>) -> Param<Tensor<D, Bool>> {
        self.to.map_bool(param)
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        self.to.map_flag(flag)
    }
}
