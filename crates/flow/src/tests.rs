use crate::{Answer, FlowError, Request, answer, reply};

fn ask(text: &str) -> Result<Answer, FlowError> {
    let [norm, bias, mode] = ["batch", "tied", "training"].map(String::from);
    answer(&Request { text: text.into(), norm, bias, mode })
}

#[test]
fn a_line_has_a_name_settings_inputs_and_a_comment() {
    let text = "input 2 9 9 # two channels\nstem: convolution 3 padded\nbias\nbias\n\nside:convolution 1 of stem\nsum: add of bias2, side\nnorm\nloss";
    let error = ask(text).expect_err("a loss of a feature map");
    assert_eq!(
        error.to_string(),
        "line 9: expected a vector, found a feature map [4, 9, 9]; flatten it or take its mean"
    );
    let answer = ask(text.trim_end_matches("\nloss")).expect("a network");
    let nodes: Vec<_> =
        answer.nodes.iter().map(|node| (node.name.as_str(), node.lane, node.inputs.as_slice())).collect();
    let expected: [(&str, usize, &[usize]); 7] = [
        ("input", 0, &[]),
        ("stem", 0, &[0]),
        ("bias", 0, &[1]),
        ("bias2", 0, &[2]),
        ("side", 1, &[1]),
        ("sum", 0, &[3, 4]),
        ("norm", 0, &[5]),
    ];
    assert_eq!(nodes, expected);
    let sentences: Vec<&str> = answer.sites.iter().map(|site| site.sentence.as_str()).collect();
    assert_eq!(sentences[..2], ["removed by norm, through sum"; 2]);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, told) in [
        ("", "line 0: expected a bias, or a norm, found none in the whole network"),
        ("relu", "line 1: expected a bias, or a norm, found none in the whole network"),
        (
            "\nrelo",
            "line 2: expected an operation (convolution, bias, norm, relu, tanh, max, average, mean, flatten, linear, add, concatenate, dropout, loss), found `relo`",
        ),
        (
            "x:",
            "line 1: expected an operation (convolution, bias, norm, relu, tanh, max, average, mean, flatten, linear, add, concatenate, dropout, loss), found ``",
        ),
        ("bias half", "line 1: expected a bias (tied, untied), found `half`"),
        (
            "norm bach",
            "line 1: expected a norm (batch, per_activation, instance, group, layer, rms, filter_response, none), found `bach`",
        ),
        ("norm group many", "line 1: expected a number from 1 to 64 for the groups, found `many`"),
        ("convolution", "line 1: expected a number from 1 to 64 for the kernel, found nothing"),
        ("max 0", "line 1: expected a number from 1 to 64 for the window, found `0`"),
        ("max 9", "line 1: expected a window of at most 8x8, the padded input, found 9x9"),
        ("linear many", "line 1: expected a number from 1 to 64 for the outputs, found `many`"),
        ("input 1 8", "line 1: expected a number from 1 to 64 for the width, found nothing"),
        ("input 64 64 64", "line 1: expected at most 16384 numbers, found an output of 262144"),
        ("bias tied twice", "line 1: expected nothing more, found `twice`"),
        ("a-b: relu", "line 1: expected a name of letters, digits and _, found `a-b`"),
        ("a: relu\na: relu", "line 2: expected a name of its own, found one that is taken"),
        ("add of input, later", "line 1: expected the name of a line above, found `later`"),
        ("convolution 3\nconvolution 3 of", "line 2: expected 1 input, found 0"),
    ] {
        assert_eq!(ask(text).expect_err(text).to_string(), told, "{text}");
    }
    let long = "relu\n".repeat(65);
    assert_eq!(ask(&long).expect_err("too many").to_string(), "line 65: expected at most 64 operations");
}

#[test]
fn a_reply_is_json_whatever_was_asked() {
    assert!(reply("{").starts_with("{\"error\":"));
    let request = r#"{"text": "bias", "norm": "batch", "bias": "tied", "mode": "both"}"#;
    assert_eq!(reply(request), r#"{"error":"line 0: expected a mode (training, evaluation), found `both`"}"#);
    let known = reply(&request.replace("both", "training"));
    assert!(known.contains(r#""parameters":1,"redundant":0"#) && known.contains(r#""removedBy":[]"#), "{known}");
}
