//! `untied` alone: what one would do first.

use crate::exit::Exit;
use crate::terminal::print;

const TEXT: &str = "\
untied trains small CNNs from a config, and tells which part of a convolution's bias the normalization
behind it makes redundant, and which part still does work.

  untied run quickstart          a first study on bundled digits: 30 small nets, a minute at most
  untied init --from DIR         a config for images of your own: photographs, MNIST's files, CIFAR's, NumPy's
  untied lint model.onnx         which biases of a model that you have do nothing, and why

untied --help lists all commands, untied COMMAND --help their options.
";

pub(crate) fn first() -> anyhow::Result<Exit> {
    print(TEXT)?;
    Ok(Exit::Done)
}
