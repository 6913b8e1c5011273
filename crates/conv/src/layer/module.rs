//! The layers as modules of Burn. Written out, as the derived code would call all three of them `Conv`: adapters of
//! burn-store, such as the one for half precision, know a layer by the name `Conv2d`.

use std::fmt;

use burn::module::{
    Content, Devices, DisplaySettings, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor,
};
use burn::tensor::Device;

use crate::Conv;

impl<const D: usize, const R: usize, const B: usize> Conv<D, R, B> {
    /// Kind of the layer, as a derived module tells visitors.
    const KIND: &'static str = ["Struct:Conv1d", "Struct:Conv2d", "Struct:Conv3d"][D - 1];
}

impl<const D: usize, const R: usize, const B: usize> Module for Conv<D, R, B> {
    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.enter_module("weight", Self::KIND);
        self.weight.visit(visitor);
        visitor.exit_module("weight", Self::KIND);
        visitor.enter_module("bias", Self::KIND);
        self.bias.visit(visitor);
        visitor.exit_module("bias", Self::KIND);
        visitor.enter_module("further_terms", Self::KIND);
        self.further_terms.visit(visitor);
        visitor.exit_module("further_terms", Self::KIND);
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        mapper.enter_module("weight", Self::KIND);
        let weight = Module::map(self.weight, mapper);
        mapper.exit_module("weight", Self::KIND);
        mapper.enter_module("bias", Self::KIND);
        let bias = Module::map(self.bias, mapper);
        mapper.exit_module("bias", Self::KIND);
        mapper.enter_module("further_terms", Self::KIND);
        let further_terms = Module::map(self.further_terms, mapper);
        mapper.exit_module("further_terms", Self::KIND);
        Self { weight, bias, further_terms, ..self }
    }

    fn collect_devices(&self, devices: Devices) -> Devices {
        self.further_terms.collect_devices(self.bias.collect_devices(self.weight.collect_devices(devices)))
    }

    fn to_device(self, device: &Device) -> Self {
        Self {
            weight: self.weight.to_device(device),
            bias: self.bias.to_device(device),
            further_terms: self.further_terms.to_device(device),
            ..self
        }
    }

    fn fork(self, device: &Device) -> Self {
        Self {
            weight: self.weight.fork(device),
            bias: self.bias.fork(device),
            further_terms: self.further_terms.fork(device),
            ..self
        }
    }

    fn train(self) -> Self {
        Self { weight: self.weight.train(), bias: self.bias.train(), further_terms: self.further_terms.train(), ..self }
    }

    fn materialize(self) -> Self {
        Self {
            weight: self.weight.materialize(),
            bias: self.bias.materialize(),
            further_terms: self.further_terms.materialize(),
            ..self
        }
    }

    fn valid(&self) -> Self {
        Self {
            weight: self.weight.valid(),
            bias: self.bias.valid(),
            further_terms: self.further_terms.valid(),
            ..self.clone()
        }
    }
}

impl<const D: usize, const R: usize, const B: usize> fmt::Display for Conv<D, R, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format(DisplaySettings::default()))
    }
}

impl<const D: usize, const R: usize, const B: usize> ModuleDisplayDefault for Conv<D, R, B> {
    fn content(&self, content: Content) -> Option<Content> {
        content.add("weight", &self.weight).add("bias", &self.bias).add("further_terms", &self.further_terms).optional()
    }

    fn num_params(&self) -> usize {
        Module::num_params(self)
    }
}

impl<const D: usize, const R: usize, const B: usize> ModuleDisplay for Conv<D, R, B> {
    fn custom_settings(&self) -> Option<DisplaySettings> {
        DisplaySettings::new().with_new_line_after_attribute(false).optional()
    }

    fn custom_content(&self, content: Content) -> Option<Content> {
        let (weights, biases) = self.parameter_counts();
        content
            .set_top_level_type(&format!("Conv{D}d"))
            .add_debug_attribute("channels", &self.channels())
            .add_debug_attribute("kernel", &self.kernel_size)
            .add_debug_attribute("stride", &self.stride)
            .add_debug_attribute("dilation", &self.dilation)
            .add_debug_attribute("padding", &self.padding)
            .add("groups", &self.groups)
            .add_debug_attribute("bias", &self.bias_mode)
            .add("weights", &weights)
            .add("biases", &biases)
            .optional()
    }
}
