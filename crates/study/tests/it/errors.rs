//! Every message that a wrong config can meet, in one snapshot.

use std::fmt::Write;
use std::path::Path;

use untied_study::{EXAMPLE, Study};

use crate::{MINIMAL, parse, with};

fn report(cases: &[(&str, String, Vec<&str>)]) -> String {
    let mut text = String::new();
    for (name, config, set) in cases {
        let error = parse(config, set).expect_err(name);
        writeln!(text, "## {name}\n{error}\n").unwrap();
    }
    text
}

fn file(cases: &[(&'static str, &str, &str)]) -> Vec<(&'static str, String, Vec<&'static str>)> {
    cases.iter().map(|(name, line, other)| (*name, with(line, other), vec![])).collect()
}

fn set<'c>(config: &str, cases: &[&'c str]) -> Vec<(&'c str, String, Vec<&'c str>)> {
    cases.iter().map(|option| (*option, config.to_owned(), vec![*option])).collect()
}

#[test]
fn text() {
    let messages = report(&file(&[
        ("syntax", "epochs = 1", "epochs = "),
        ("open list", "channels = [4]", "channels = [4"),
        ("duplicate key", "epochs = 1", "epochs = 1\nepochs = 2"),
        ("duplicate table", "[vary]", "[model]\n[vary]"),
        ("unknown top-level key", "question", "qeustion"),
        ("key in no table", "question = \"q\"", "question = \"q\"\nbias = \"tied\"\nchannels = 1"),
        ("unknown table", "[vary]", "[varry]"),
        ("unknown key", "channels = [4]", "channels = [4]\nbais = \"tied\""),
        ("unknown far key", "channels = [4]", "channels = [4]\nzzz = 1"),
        ("unknown optimizer key", "learning_rate = 0.1", "learning_rat = 0.1"),
        ("unknown value", "channels = [4]", "channels = [4]\nbias = \"tide\""),
        ("unknown table value", "channels = [4]", "channels = [4]\nbias = { untied_allong = [0] }"),
        ("unknown norm", "channels = [4]", "channels = [4]\nnorm = \"batch_per_activaton\""),
        ("unknown norm with a value", "channels = [4]", "channels = [4]\nnorm = { groups = 4 }"),
        ("norm without its value", "channels = [4]", "channels = [4]\nnorm = \"group\""),
        ("norm with a needless value", "channels = [4]", "channels = [4]\nnorm = { layer = 4 }"),
        ("norm twice", "channels = [4]", "channels = [4]\nnorm = { group = 4, layer = 1 }"),
        ("groups of another type", "channels = [4]", "channels = [4]\nnorm = { group = \"four\" }"),
        ("wrong type", "epochs = 1", "epochs = \"many\""),
        ("wrong type of enum", "source = \"digits\"", "source = 5"),
        ("float for integer", "epochs = 1", "epochs = 1.5"),
        ("negative", "epochs = 1", "epochs = -1"),
        ("beyond i64", "epochs = 1", "epochs = 18446744073709551616"),
        ("beyond u128", "epochs = 1", "epochs = 999999999999999999999999999999999999999999999999"),
        ("list for number", "epochs = 1", "epochs = [1]"),
        ("number for list", "channels = [4]", "channels = 4"),
        ("string in list", "channels = [4]", "channels = [4, \"x\"]"),
        ("missing key", "epochs = 1\n", ""),
        ("missing nested key", "learning_rate = 0.1", ""),
        (
            "missing key under a header",
            "optimizer = { sgd = { learning_rate = 0.1 } }",
            "[train.optimizer.sgd]\nmomentum = 0.5",
        ),
        ("missing name", "name = \"s\"\n", ""),
        ("missing table", "[data]\nsource = \"digits\"\n", ""),
        ("missing vary", "[vary]\nseeds = 1\n", ""),
        ("missing seeds", "seeds = 1\n", ""),
        ("optimizer without settings", "{ sgd = { learning_rate = 0.1 } }", "\"sgd\""),
        ("optimizer twice", "{ sgd = {", "{ adam = { learning_rate = 1 }, sgd = {"),
        ("optimizer with a list", "{ learning_rate = 0.1 }", "[0.1]"),
        ("sections as lists", "[data]\nsource = \"digits\"\n", "data = [\"digits\"]\n"),
        ("date", "epochs = 1", "epochs = 1979-05-27"),
        ("wrong bool", "learning_rate = 0.1", "learning_rate = 0.1, nesterov = 1"),
        ("beyond f64", "learning_rate = 0.1", "learning_rate = 1e999"),
        ("source without path", "\"digits\"", "\"idx\""),
        ("empty path", "\"digits\"", "{ idx = \"\" }"),
        ("section is no table", "[data]\nsource = \"digits\"\n", "data = 1\n"),
        ("name escapes", "name = \"s\"", "name = \"../s\""),
        ("empty name", "name = \"s\"", "name = \"\""),
        ("control characters", "name = \"s\"", "name = \"\\u001b[31m\""),
    ]));
    insta::assert_snapshot!(messages);
}

#[test]
fn vary() {
    let mut cases = file(&[
        ("value", "seeds = 1", "\"model.bias\" = [\"none\", \"tide\"]\nseeds = 1"),
        ("inner key", "seeds = 1", "\"train.optimizer\" = [{ sgd = { learning_rat = 1 } }]\nseeds = 1"),
        ("type", "seeds = 1", "\"train.epochs\" = [1, \"x\"]\nseeds = 1"),
        ("negative", "seeds = 1", "\"train.epochs\" = [1, -4]\nseeds = 1"),
        ("check", "seeds = 1", "\"train.epochs\" = [1, 0]\nseeds = 1"),
        ("inner check", "seeds = 1", "\"train.optimizer\" = [{ sgd = { learning_rate = -1 } }]\nseeds = 1"),
        ("group check", "seeds = 1", "\"model.norm\" = [\"layer\", { group = 3 }]\nseeds = 1"),
        ("unknown key", "seeds = 1", "\"model.bais\" = [\"none\"]\nseeds = 1"),
        ("unknown section", "seeds = 1", "\"modle.bias\" = [\"none\"]\nseeds = 1"),
        ("short key", "seeds = 1", "channels = [[1]]\nseeds = 1"),
        ("seed", "seeds = 1", "seed = 1"),
        ("seed as a factor", "seeds = 1", "seed = 1\nseeds = 1"),
        ("whole table", "seeds = 1", "model = [{}]\nseeds = 1"),
        ("no key", "seeds = 1", "\"a..b\" = [1]\nseeds = 1"),
        ("unquoted key", "seeds = 1", "model.bias = [\"none\"]\nseeds = 1"),
        ("no list", "seeds = 1", "\"model.bias\" = \"none\"\nseeds = 1"),
        ("empty list", "seeds = 1", "\"model.bias\" = []\nseeds = 1"),
        ("twice", "seeds = 1", "\"model.kernel\" = [1, 3, 1]\nseeds = 1"),
        ("twice as a float", "seeds = 1", "\"train.optimizer.sgd.learning_rate\" = [1, 1.0]\nseeds = 1"),
        (
            "twice by default",
            "seeds = 1",
            "\"train.optimizer\" = [{ sgd = { learning_rate = 1 } }, { sgd = { learning_rate = 1, momentum = 0 } }]\nseeds = 1",
        ),
        (
            "one key in another",
            "seeds = 1",
            "\"train.optimizer\" = [{ sgd = { learning_rate = 1 } }]\n\"train.optimizer.sgd.momentum\" = [0.5]\nseeds = 1",
        ),
        ("no table on the way", "seeds = 1", "\"train.epochs.x\" = [1]\nseeds = 1"),
        ("another optimizer", "seeds = 1", "\"train.optimizer.adam.epsilon\" = [1]\nseeds = 1"),
        ("unused base value", "[train]", "bias = \"tide\"\n[train]"),
        ("no seeds", "seeds = 1", "seeds = 0"),
        ("negative seeds", "seeds = 1", "seeds = -3"),
        ("too many seeds", "seeds = 1", "seeds = 1000000000000"),
        ("seeds beyond i64", "seeds = 1", "seeds = 99999999999999999999"),
        ("no seed in list", "seeds = 1", "seeds = []"),
        ("wrong seed", "seeds = 1", "seeds = [1, 2.5]"),
        ("seed twice", "seeds = 1", "seeds = [1, 2, 1]"),
        ("seeds of another type", "seeds = 1", "seeds = \"many\""),
        ("first look too small", "seeds = 1", "seeds = { first = 1, step = 5, most = 30 }"),
        ("no step", "seeds = 1", "seeds = { first = 5, step = 0, most = 30 }"),
        ("one look", "seeds = 1", "seeds = { first = 5, step = 5, most = 5 }"),
        ("most too many", "seeds = 1", "seeds = { first = 5, step = 5, most = 1000000 }"),
        ("misspelt most", "seeds = 1", "seeds = { first = 5, step = 5, mots = 30 }"),
        ("missing step", "seeds = 1", "seeds = { first = 5, most = 30 }"),
        ("negative first", "seeds = 1", "seeds = { first = -5, step = 5, most = 30 }"),
        ("first of another type", "seeds = 1", "seeds = { first = \"five\", step = 5, most = 30 }"),
        ("looks without a comparison", "seeds = 1", "seeds = { first = 5, step = 5, most = 30 }"),
        ("date", "seeds = 1", "\"model.bias\" = [1979-05-27]\nseeds = 1"),
        ("nan", "seeds = 1", "\"train.optimizer.sgd.learning_rate\" = [nan, 1]\nseeds = 1"),
    ]);
    let many: Vec<String> = (1..=1001).map(|k| k.to_string()).collect();
    let lists = format!("\"train.epochs\" = [{0}]\n\"train.batch_size\" = [{0}]\nseeds = 1", many.join(", "));
    cases.push(("a million cells", with("seeds = 1", &lists), vec![]));
    let device = with("seeds = 1", "\"train.device\" = [\"flex\", \"wgpu\"]\nseeds = 1");
    cases.push(("f64 on one device", device.replace("epochs", "dtype = \"f64\"\nepochs"), vec![]));
    let base = with("seeds = 1", "\"model.bias\" = [\"none\", \"tied\"]\nseeds = 1");
    cases.push(("wrong base value", base.replace("[train]", "bias = \"tide\"\n[train]"), vec![]));
    let messages = report(&cases);
    insta::assert_snapshot!(messages);
}

#[test]
fn compare() {
    let lists = "\"model.bias\" = [\"none\", \"tied\"]\n\"model.kernel\" = [3]\nseeds = 1\n[compare]\n";
    let cases = [
        ("margin 0", "baseline = { \"model.bias\" = \"none\" }\nmargin = 0"),
        ("margin nan", "baseline = { \"model.bias\" = \"none\" }\nmargin = nan"),
        ("margin infinite", "baseline = { \"model.bias\" = \"none\" }\nmargin = inf"),
        ("no margin", "baseline = { \"model.bias\" = \"none\" }"),
        ("no baseline", "margin = 1"),
        ("empty baseline", "baseline = {}\nmargin = 1"),
        ("not varied", "baseline = { \"model.bais\" = \"none\" }\nmargin = 1"),
        ("not listed", "baseline = { \"model.bias\" = \"untied\" }\nmargin = 1"),
        ("one value", "baseline = { \"model.kernel\" = 3 }\nmargin = 1"),
        ("unquoted", "baseline = { model.bias = \"none\" }\nmargin = 1"),
        ("metric", "metric = \"accuracy\"\nbaseline = { \"model.bias\" = \"none\" }\nmargin = 1"),
        ("unknown key", "metrc = \"test_loss\"\nbaseline = { \"model.bias\" = \"none\" }\nmargin = 1"),
        ("no table", "baseline = 1\nmargin = 1"),
        ("far key", "baseline = { x = 1 }\nmargin = 1"),
        ("over", "over = \"images\"\nbaseline = { \"model.bias\" = \"none\" }\nmargin = 1"),
        (
            "over images by a loss",
            "metric = \"test_loss\"\nover = \"seeds_and_images\"\nbaseline = { \"model.bias\" = \"none\" }\nmargin = 1",
        ),
    ];
    let mut cases: Vec<_> =
        cases.iter().map(|(name, table)| (*name, with("seeds = 1", &format!("{lists}{table}")), vec![])).collect();
    let nothing = "seeds = 1\n[compare]\nbaseline = { \"model.bias\" = \"none\" }\nmargin = 1";
    cases.push(("nothing varied", with("seeds = 1", nothing), vec![]));
    let sources = "\"data.source\" = [\"digits\", \"fashion-mnist-6k\"]\nseeds = 1\n[compare]\nover = \"seeds_and_images\"\n\
                   baseline = { \"data.source\" = \"digits\" }\nmargin = 1";
    cases.push(("over images of two sources", with("seeds = 1", sources), vec![]));
    let messages = report(&cases);
    insta::assert_snapshot!(messages);
}

#[test]
fn checks() {
    let mut cases = set(
        MINIMAL,
        &[
            "train.epochs=0",
            "train.epochs=1000000000000000000",
            "train.batch_size=0",
            "train.batch_size=9223372036854775807",
            "model.channels=[]",
            "model.channels=[4, 0]",
            "model.channels=[1000000000000]",
            "model.channels=[65536, 65536]",
            "model.channels=[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
            "model.kernel=0",
            "model.kernel=1000000000000",
            "model.bias={untied_along=[]}",
            "model.bias={untied_along=[2]}",
            "model.bias={untied_along=[1, 0]}",
            "model.bias={untied_along=[0, 0]}",
            "model.norm={group=0}",
            "model.norm={group=3}",
            "model.norm={group=8}",
            "model.norm={group=-4}",
            "model={channels=[4, 6], norm={group=4}}",
            "train.optimizer.sgd.learning_rate=0",
            "train.optimizer.sgd.learning_rate=-1",
            "train.optimizer.sgd.learning_rate=nan",
            "train.optimizer.sgd.learning_rate=inf",
            "train.optimizer.sgd.learning_rate=1e999",
            "train.optimizer.sgd.momentum=1",
            "train.optimizer.sgd.momentum=0.999999999",
            "train.optimizer.sgd.momentum=-0.1",
            "train.optimizer.sgd.dampening=1.5",
            "train.optimizer.sgd.weight_decay=-1",
            "train.optimizer.sgd.weight_decay=1e300",
            "train.optimizer.sgd.nesterov=true",
            "train.optimizer={sgd={learning_rate=1,momentum=0.9,dampening=0.1,nesterov=true}}",
            "train.optimizer={adam={learning_rate=1,beta_1=1}}",
            "train.optimizer={adam={learning_rate=1,beta_2=-1}}",
            "train.optimizer={adam={learning_rate=1,epsilon=0}}",
            "train.optimizer={adamw={learning_rate=1,epsilon=1e-60}}",
            "train.optimizer={adamw={learning_rate=1,weight_decay=nan}}",
            "train.optimizer={lion={learning_rate=0}}",
            "train.optimizer={lion={learning_rate=1,beta_2=1}}",
            "train.optimizer={lion={learning_rate=1,weight_decay=-1}}",
            "train.optimizer={lion={learning_rate=1,epsilon=1e-8}}",
            "train.schedule={cosine={min_learning_rate=1}}",
            "train.schedule={cosine={min_learning_rate=-1}}",
            "train.schedule={linear={final_learning_rate=inf}}",
            "train.schedule={exponential={gamma=0}}",
            "train.schedule={exponential={gamma=1.1}}",
            "train.schedule=cosine",
            "data.labels_from=255",
            "data.labels_from=-1",
            "data.canvas={size=0}",
            "data.canvas={size=16,label=\"quadrants\"}",
            "data.shift={pattern=\"white\",strength=0}",
            "data.shift={pattern=\"changing\",strength=1}",
            "model.running_momentum=0",
            "model={channels=[4],norm=\"layer\",bias_after=\"activation\"}",
            "measure.translate=[2,1]",
            "measure.translate=[0]",
            "measure.noise=[0]",
            "measure.noise=[2,1]",
            "measure.jacobain=true",
            "measure.shift={patterns=[],strengths=[1]}",
            "measure.shift={patterns=[\"white\",\"white\"],strengths=[1]}",
            "measure.shift={patterns=[\"white\"],strengths=[]}",
            "measure.shift={patterns=[\"white\"],strengths=[-1]}",
            "measure.shift={patterns=[\"white\"],strengths=[2,1]}",
            "measure.shift={patterns=[\"white\"],strengths=[1],draws=0}",
            "measure.shift={patterns=[\"white\"],strengths=[1],images=[10,10]}",
        ],
    );
    let untied = with("channels = [4]", "channels = [4]\nbias = \"untied\"");
    cases.extend(set(&untied, &["measure.shift={patterns=[\"white\"],strengths=[1]}"]));
    let one_image = with("batch_size = 8", "batch_size = 1");
    cases.extend(set(&one_image, &["model.norm=batch_per_activation"]));
    let messages = report(&cases);
    insta::assert_snapshot!(messages);
}

#[test]
fn set_options() {
    let mut cases = set(
        EXAMPLE,
        &[
            "model.bais=tied",
            "model.padding=vaild",
            "bias=tied",
            "epochs=3",
            "seeds=3",
            "trian.epochs=1",
            "model.bias=tied",
            "model={channels=[1]}",
            "model.bias.untied_along=[0]",
            "vary.\"model.bais\"=[\"none\"]",
            "vary.\"model.bias\"=[\"none\", \"tide\"]",
            "vary.\"model.bias\"=none",
            "vary.model.bias=[\"none\"]",
            "vary.\"model.bias\"=[\"none\"]",
            "train.epochs=x",
            "train.epochs=",
            "train.epochs",
            "=1",
            "",
            "train.epochs=[1",
            "train.epochs=1 2",
            "train epochs=1",
            "train.epochs.x=1",
            "train=1",
            "vary=1",
            "train.optimizer=sgd",
            "train.optimizer.adam.learning_rate=0.1",
            "name=a/b",
            "data.source={idx=\"\"}",
            "data.source={idex=\"d\"}",
            "compare.margin=-1",
            "compare.metric=loss",
            "compare=[1]",
            "bais=tied",
            "lr=1",
        ],
    );
    let device = with("seeds = 1", "\"train.device\" = [\"flex\", \"ndarray\"]\nseeds = 1");
    cases.extend(set(&device, &["train.device=flex"]));
    let messages = report(&cases);
    insta::assert_snapshot!(messages);
}

#[test]
fn training() {
    let optimizer = |schedule: &str| format!("train.schedule={schedule}");
    let schedules = [
        "{steps={milestones=[]}}",
        "{steps={milestones=[0]}}",
        "{steps={milestones=[5,5]}}",
        "{steps={milestones=[1],gamma=2}}",
        "{steps={}}",
        "{one_cycle={pct_start=1}}",
        "{one_cycle={div_factor=0.5}}",
        "{one_cycle={final_div_factor=inf}}",
        "\"one_cycle\"",
    ]
    .map(optimizer);
    let schedules: Vec<&str> = schedules.iter().map(String::as_str).collect();
    let mut cases = set(MINIMAL, &schedules);
    cases.extend(set(
        MINIMAL,
        &[
            "train.warmup_epochs=-0.5",
            "train.warmup_epochs=1",
            "train.clip_gradients={norm=0}",
            "train.clip_gradients={value=1e300}",
            "train.clip_gradients={size=1}",
            "train.clip_gradients=1",
            "train.weight_decay_on=biases",
            "train.early_stopping={patience=2}",
            "train.best_epoch=validation_loss",
            "train.freeze_norm={after=1}",
            "train.freeze_norm=always",
            "train.best_epoch=test_loss",
        ],
    ));
    let validated = with("\"digits\"", "\"digits\"\nvalidation = 0.1");
    cases.extend(set(
        &validated,
        &[
            "train.early_stopping={patience=0}",
            "train.early_stopping={}",
            "train.early_stopping={patience=1,metric=\"test_loss\"}",
            "train.early_stopping={patience=1,min_improvement=-1}",
        ],
    ));
    let frozen = with("epochs = 1", "epochs = 1\nfreeze_norm = { after = 0 }");
    cases.extend(set(
        &frozen,
        &["train.reestimate_statistics=true", "measure.shift={patterns=[\"white\"],strengths=[1]}"],
    ));
    for (epochs, schedule) in [("epochs = 4", "{ one_cycle = {} }"), ("epochs = 4", "{ steps = { milestones = [1] } }")]
    {
        let warm = with("epochs = 1", &format!("{epochs}\nwarmup_epochs = 2\nschedule = {schedule}"));
        cases.push(("warm-up", warm, vec![]));
    }
    let messages = report(&cases);
    insta::assert_snapshot!(messages);
}

#[test]
fn skip() {
    let cases = [
        "skip=1",
        "skip=[1]",
        "skip=[{}]",
        "skip=[{\"model.bais\"=\"tied\"}]",
        "skip=[{\"model.kernel\"=3}]",
        "skip=[{seeds=1}]",
        "skip=[{model={bias=\"tied\"}}]",
        "skip=[{\"model.bias\"=\"tide\"}]",
        "skip=[{\"model.bias\"=[\"tied\", \"tide\"]}]",
        "skip=[{\"model.bias\"=[]}]",
        "skip=[{\"model.norm\"=[\"none\", \"batch\"]}]",
        "skip=[{\"model.bias\"=\"none\"}]",
    ];
    let messages = report(&set(EXAMPLE, &cases));
    insta::assert_snapshot!(messages);
}

#[test]
fn the_file_is_parsed_before_the_options() {
    let error = parse(&with("epochs = 1", "epochs = "), &["nonsense"]).unwrap_err().to_string();
    assert!(error.starts_with("c.toml:8:"), "{error}");
}

#[test]
#[cfg(target_os = "linux")]
fn folders_that_are_not_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/\xff/c.toml"));
    let text = with("\"digits\"", "{ idx = \"d\" }");
    let error = Study::parse(&text, path, &[]).unwrap_err().to_string();
    assert!(error.contains("not UTF-8: give an absolute path"), "{error}");
    assert!(Study::parse(&text.replace("\"d\"", "\"/d\""), path, &[]).is_ok());
}

fn load(folder: &Path, name: &str) -> String {
    let error = Study::load(&folder.join(name), &[]).unwrap_err().to_string();
    error.replace(folder.to_str().unwrap(), "DIR")
}

#[test]
fn files() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    write("binary", b"name = \"s\"\n\xff\xfe\n");
    write("nul", b"\0\0\0");
    write("empty", b"");
    write("large", &vec![b'\n'; (1 << 24) + 1]);
    let names = ["missing", "folder", "binary", "nul", "empty", "large"];
    let text: Vec<String> = names.iter().map(|name| load(folder.path(), name)).collect();
    let messages = text.join("\n\n");
    insta::assert_snapshot!(messages);
}

#[test]
fn endless_files_end() {
    if Path::new("/dev/zero").exists() {
        let error = Study::load(Path::new("/dev/zero"), &[]).unwrap_err().to_string();
        assert_eq!(error, "cannot read the config /dev/zero: it is no regular file");
    }
    let folder = tempfile::tempdir().unwrap();
    let sparse = folder.path().join("sparse.toml");
    std::fs::File::create(&sparse).unwrap().set_len(1 << 40).unwrap();
    assert!(Study::load(&sparse, &[]).unwrap_err().to_string().contains("is larger than"));
}
