//! One random step of a graph: an operator, or a few that belong together.

use super::Generated;
use crate::onnx::testing::attribute;

impl Generated {
    pub(super) fn step(&mut self, operation: usize) {
        match operation {
            0 | 1 => self.convolution(false),
            2 => self.convolution(true),
            3..=5 => self.norm(),
            6..=9 => self.constant("Add"),
            10 => self.constant("Mul"),
            11 => self.pool(),
            12 => {
                let axis = self.random.below(3) as i64 + 1;
                self.unary("Softmax", vec![attribute("axis", axis)]);
            }
            13 | 14 => {
                let operator = self.random.of(&["Tanh", "Sigmoid", "Softplus", "Mish", "Erf"]);
                self.unary(operator, vec![]);
            }
            15 => self.transposed(),
            16 => self.joined(),
            17 => self.padded(),
            18 => self.sliced(),
            19 => self.linear(),
            20 => self.centred(),
            21 => self.reshaped(),
            22 => self.attention(),
            23 => self.resized(),
            24 => self.constant("Sub"),
            _ => self.group_norm_by_hand(),
        }
    }

    pub(super) fn convolution(&mut self, transposed: bool) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let channels_in = shape[1];
        let groups = self.random.of(&[1, 1, channels_in]);
        let channels = channels_in * self.random.of(&[1, 1, 2]);
        if channels > 8 || shape[2] * shape[3] > 40 {
            return;
        }
        let kernel = self.random.of(&[1, 2, 3]);
        let pad = if transposed { 0 } else { self.random.below(kernel) };
        let stride = if transposed { self.random.of(&[1, 2]) } else { 1 };
        let size = |size: usize| {
            if transposed { (size - 1) * stride + kernel } else { (size + 2 * pad + 1).saturating_sub(kernel) }
        };
        let sizes = [size(shape[2]), size(shape[3])];
        if sizes.contains(&0) || sizes[0] * sizes[1] > 64 {
            return;
        }
        let weight = if transposed { [channels_in, channels / groups] } else { [channels, channels_in / groups] };
        let weight = self.weight("weight", &[weight[0], weight[1], kernel, kernel]);
        let bias = (self.random.below(3) > 0).then(|| self.weight("bias", &[channels]));
        let inputs: Vec<&str> = [last.as_str(), &weight].into_iter().chain(bias.as_deref()).collect();
        let attributes = vec![
            attribute("group", groups as i64),
            attribute("pads", vec![pad as i64; 4]),
            attribute("strides", vec![stride as i64; 2]),
        ];
        let operator = if transposed { "ConvTranspose" } else { "Conv" };
        self.node(operator, &inputs, attributes, &[shape[0], channels, sizes[0], sizes[1]]);
    }

    fn norm(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let channels = shape[1];
        // Where means are, β has one element for each channel.
        let kind = match self.random.below(6) {
            3 if self.means => 2,
            kind => kind,
        };
        let axis = if kind == 3 || kind == 5 { self.random.below(3) + 1 } else { 1 };
        let own = if kind == 3 || kind == 5 { shape[axis..].to_vec() } else { vec![channels] };
        let mut names = vec![last, self.weight("gamma", &own)];
        if kind != 5 {
            names.push(self.weight("beta", &own));
        }
        if kind <= 1 {
            names.push(self.weight("mean", &own));
            names.push(self.weight("variance", &own));
        }
        let inputs: Vec<&str> = names.iter().map(String::as_str).collect();
        let (operator, mut attributes) = match kind {
            0 | 1 => ("BatchNormalization", vec![]),
            2 => ("InstanceNormalization", vec![]),
            3 => ("LayerNormalization", vec![attribute("axis", axis as i64)]),
            4 => ("GroupNormalization", vec![attribute("num_groups", if channels % 2 == 0 { 2_i64 } else { 1 })]),
            _ => ("RMSNormalization", vec![attribute("axis", axis as i64)]),
        };
        // A small ε would make a norm of two elements nearly a step.
        attributes.push(attribute("epsilon", 0.1_f32));
        self.node(operator, &inputs, attributes, &shape);
    }

    /// A constant of a broadcast shape.
    fn constant(&mut self, operator: &str) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let kept = if self.means {
            [true, false, false]
        } else {
            self.random.of(&[
                [true, false, false],
                [true; 3],
                [true, true, false],
                [false, true, true],
                [false, false, true],
            ])
        };
        let own: Vec<usize> = (0..3).map(|axis| if kept[axis] { shape[axis + 1] } else { 1 }).collect();
        // One element is a setting, not a bias.
        if own.iter().product::<usize>() > 1 {
            let name = self.weight(if operator == "Mul" { "factor" } else { "bias" }, &own);
            self.node(operator, &[&last, &name], vec![], &shape);
        }
    }

    fn pool(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let (kernel, stride) = (2, self.random.of(&[1, 2]));
        if shape[2] < kernel || shape[3] < kernel {
            return;
        }
        // Otherwise the last row or column is not read.
        let stride = if shape[2] % 2 + shape[3] % 2 == 0 { stride } else { 1 };
        let size = |size: usize| (size - kernel) / stride + 1;
        let attributes =
            vec![attribute("kernel_shape", vec![kernel as i64; 2]), attribute("strides", vec![stride as i64; 2])];
        let operator = if self.means { "AveragePool" } else { "MaxPool" };
        self.node(operator, &[&last], attributes, &[shape[0], shape[1], size(shape[2]), size(shape[3])]);
    }

    fn transposed(&mut self) {
        // With means, channels stay in front, where constants are.
        if self.means {
            return;
        }
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let axes = self.random.of(&[[0, 2, 3, 1], [0, 1, 3, 2], [0, 3, 1, 2]]);
        let to: Vec<usize> = axes.iter().map(|&axis| shape[axis]).collect();
        self.node("Transpose", &[&last], vec![attribute("perm", axes.map(|axis| axis as i64).to_vec())], &to);
    }

    fn joined(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let fits = |other: &&(String, Vec<usize>)| other.1 == shape && other.0 != last;
        let Some((other, _)) = self.kept.iter().find(fits).cloned() else { return };
        match self.random.below(4) {
            0 if shape[1] <= 4 => {
                // A shift that comes in both parts is more than one that comes in one; only such are followed.
                self.node("Tanh", &[&other], vec![], &shape);
                let other = self.last.clone();
                let to = [shape[0], 2 * shape[1], shape[2], shape[3]];
                self.node("Concat", &[&other, &last], vec![attribute("axis", 1_i64)], &to);
            }
            1 => self.node("Mul", &[&other, &last], vec![], &shape),
            _ => self.node("Add", &[&other, &last], vec![], &shape),
        }
    }

    fn padded(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        if shape[2] < 2 || shape[3] < 2 || shape[2] * shape[3] > 30 {
            return;
        }
        // Rows of zeros would be equal along their axis by chance of the data; convolutions pad with them.
        let mode = self.random.of(&["edge", "edge", "reflect"]);
        let pads = self.setting(&[0, 0, 1, 0, 0, 0, 0, 1]);
        let to = [shape[0], shape[1], shape[2] + 1, shape[3] + 1];
        self.node("Pad", &[&last, &pads], vec![attribute("mode", mode)], &to);
    }

    /// The two halves of the channels in the other order, one of them through a function: what nothing reads is not looked for.
    fn sliced(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        if shape[1] < 4 || shape[1] % 2 == 1 {
            return;
        }
        let half = shape[1] / 2;
        let to = [shape[0], half, shape[2], shape[3]];
        let mut parts = vec![];
        for start in [half, 0] {
            let settings = [vec![start], vec![start + half], vec![1]].map(|values| self.setting(&values));
            let inputs = [&last, &settings[0], &settings[1], &settings[2]].map(String::as_str);
            self.node("Slice", &inputs, vec![], &to);
            parts.push(self.last.clone());
        }
        self.unary("Tanh", vec![]);
        let second = self.last.clone();
        self.node("Concat", &[&parts[0], &second], vec![attribute("axis", 1_i64)], &shape);
    }

    fn linear(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let features = shape[3] + self.random.below(2);
        let weight = self.weight("weight", &[shape[3], features]);
        let to = [shape[0], shape[1], shape[2], features];
        self.node("MatMul", &[&last, &weight], vec![], &to);
        if !self.means && self.random.below(2) == 0 {
            let bias = self.weight("bias", &[features]);
            let last = self.last.clone();
            self.node("Add", &[&last, &bias], vec![], &to);
        }
    }

    /// Layer norm as a difference from a mean.
    fn centred(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let axis = self.random.below(3) + 1;
        let mut reduced = shape.clone();
        reduced[axis] = 1;
        self.node("ReduceMean", &[&last], vec![attribute("axes", vec![axis as i64])], &reduced);
        let mean = self.last.clone();
        self.node("Sub", &[&last, &mean], vec![], &shape);
        self.unary("Tanh", vec![]);
    }

    fn reshaped(&mut self) {
        if self.means {
            return;
        }
        let (last, shape) = (self.last.clone(), self.shape.clone());
        let to = if shape[1] % 2 == 0 {
            [shape[0], shape[1] / 2, shape[2], shape[3] * 2]
        } else {
            [shape[0], shape[2], shape[1], shape[3]]
        };
        let setting = self.setting(&to);
        self.node("Reshape", &[&last, &setting], vec![], &to);
    }

    /// Attention over the rows of each channel: queries, keys with a bias of their own, values.
    fn attention(&mut self) {
        if self.means {
            return;
        }
        let shape = self.shape.clone();
        let (x, width) = (self.last.clone(), shape[3]);
        let mut projected = vec![];
        for _ in 0..3 {
            let (weight, bias) = (self.weight("weight", &[width, width]), self.weight("bias", &[width.max(2)]));
            self.node("MatMul", &[&x, &weight], vec![], &shape);
            let last = self.last.clone();
            if width > 1 {
                self.node("Add", &[&last, &bias], vec![], &shape);
            }
            projected.push(self.last.clone());
        }
        let turned = [shape[0], shape[1], shape[3], shape[2]];
        self.node("Transpose", &[&projected[1]], vec![attribute("perm", vec![0_i64, 1, 3, 2])], &turned);
        let keys = self.last.clone();
        let square = [shape[0], shape[1], shape[2], shape[2]];
        self.node("MatMul", &[&projected[0], &keys], vec![], &square);
        self.unary("Softmax", vec![attribute("axis", -1_i64)]);
        let weights = self.last.clone();
        self.node("MatMul", &[&weights, &projected[2]], vec![], &shape);
    }

    fn resized(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        // Of a single row all new ones would be equal, and a mean over them leaves nothing.
        if shape[2] * shape[3] > 12 || shape[2].min(shape[3]) == 1 {
            return;
        }
        let to = [shape[0], shape[1], 2 * shape[2], 2 * shape[3]];
        let setting = self.setting(&to);
        self.node("Resize", &[&last, "", "", &setting], vec![attribute("mode", "nearest")], &to);
    }

    /// Group norm as PyTorch writes it for old opsets.
    fn group_norm_by_hand(&mut self) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        if shape[1] % 2 == 1 {
            return;
        }
        let split = [shape[0], 2, shape[1] / 2 * shape[2] * shape[3]];
        let (there, back) = (self.setting(&split), self.setting(&shape));
        self.node("Reshape", &[&last, &there], vec![], &split);
        let (last, ones, zeros) = (self.last.clone(), self.weight("gamma", &[2]), self.weight("beta", &[2]));
        self.node("InstanceNormalization", &[&last, &ones, &zeros], vec![attribute("epsilon", 0.1_f32)], &split);
        let last = self.last.clone();
        self.node("Reshape", &[&last, &back], vec![], &shape);
    }
}
