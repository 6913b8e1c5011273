#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::program::{Bench, Ended, SMALL, timeless};

/// Stands in for sbatch: runs the tasks of an array one after the other, at once, and notes what it was told.
const SBATCH: &str = r#"#!/bin/sh
set -eu
here=$(dirname "$0")
echo "$*" >>"$here/told"
job=$(wc -l <"$here/told")
tasks= log=/dev/null
while :; do case $1 in
    --array=*) tasks=${1#--array=}; tasks=${tasks%%%*}; shift ;;
    --output=*) log=${1#--output=}; shift ;;
    --*) shift ;;
    *) break ;;
esac; done
echo "$job"
for range in $(echo "${tasks:-0}" | tr , ' '); do
    for task in $(seq "${range%-*}" "${range#*-}"); do
        SLURM_CPUS_PER_TASK=1 SLURM_ARRAY_TASK_ID=$task sh "$@" >"$log" 2>&1 || true
    done
done
"#;

/// Arrays of two tasks.
const SCONTROL: &str = "#!/bin/sh\necho 'MaxArraySize            = 2'\n";

/// A folder whose name has all that shells trip over, and a Slurm of shell scripts.
struct Site {
    bench: Bench,
    out: String,
}

impl Site {
    fn new() -> Self {
        let site = Self { bench: Bench::new(), out: "it's $(a) \"study\"".to_owned() };
        for (name, script) in [("sbatch", SBATCH), ("scontrol", SCONTROL), ("squeue", "#!/bin/sh\n")] {
            site.program(name, script);
        }
        site
    }

    fn program(&self, name: &str, script: &str) {
        let path = format!("bin/{name}");
        self.bench.write(&path, script);
        fs::set_permissions(self.bench.path(&path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn slurm(&self, arguments: &[&str]) -> Ended {
        let bin = self.bench.path("bin").display().to_string();
        let all = [&["slurm", "study.toml", "--out", &self.out], arguments].concat();
        let path = format!("{bin}:{}", std::env::var("PATH").unwrap());
        Ended::new(&self.bench.command(&all).env("PATH", path).output().unwrap())
    }

    /// The arguments of every call of sbatch since the last look.
    fn told(&self) -> Vec<String> {
        let path = self.bench.path("bin/told");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        text.lines().map(str::to_owned).collect()
    }

    fn script(&self, name: &str) -> String {
        let text = fs::read_to_string(self.bench.path(&self.out).join("slurm").join(name)).unwrap();
        let place = self.bench.path("").display().to_string();
        // As the program sees itself: with links followed.
        let program = fs::canonicalize(env!("CARGO_BIN_EXE_untied")).unwrap().display().to_string();
        text.replace(&program, "/bin/untied").replace(&place, "/home/me/")
    }
}

#[test]
fn the_scripts_can_be_read() {
    let site = Site::new();
    let options = "--partition gpu --time 1:00:00 --gres gpu:1 --account lab --mem 2G --cpus-per-task 4 --at-a-time 3 \
                   --constraint a100 -- --qos=high";
    let options: Vec<&str> = options.split_whitespace().chain(["--comment=it's \"mine\""]).collect();
    let ended = site.slurm(&options);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert!(ended.stdout.contains("4 cells: 4 to submit in 2 job arrays"), "{}", ended.stdout);
    assert_eq!(site.told(), Vec::<String>::new());
    let scripts = ["cells.sh", "report.sh", "submit.sh"].map(|name| format!("# {name}\n{}", site.script(name)));
    insta::assert_snapshot!(scripts.join("\n"));
}

#[test]
fn submitting_again_fills_only_what_is_missing() {
    let site = Site::new();
    let ended = site.slurm(&["--submit"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    let [first, second, report] = site.told().try_into().unwrap();
    assert!(first.contains("--array=0-1") && first.ends_with("cells.sh 0"), "{first}");
    assert!(second.contains("--array=0-1") && second.ends_with("cells.sh 2"), "{second}");
    assert!(report.contains("--dependency=afterany:1:2") && report.ends_with("report.sh"), "{report}");
    let results = site.bench.json(&format!("{}/results.json", site.out));
    assert!(results["cells"].as_array().unwrap().iter().all(|cell| cell["status"] == "finished"));

    let scripts = site.bench.path(&site.out).join("slurm");
    fs::remove_dir_all(&scripts).unwrap();
    let again = site.slurm(&["--submit"]);
    assert!(again.stdout.contains("all with results"), "{}", again.stdout);
    assert_eq!(site.told(), Vec::<String>::new());
    assert!(!scripts.exists(), "nothing to submit, and something written");
    let models = site.slurm(&["--set", "train.save_model=true"]);
    let why = "4 cells are finished without the model that train.save_model asks for, and trained again\n";
    assert_eq!((models.code, models.stderr.as_str()), (Some(0), why), "{}", models.stdout);

    for cell in [0, 3].map(|index| site.bench.cells(&site.out).remove(index)) {
        fs::remove_file(cell.join("result.json")).unwrap();
    }
    site.program("squeue", "#!/bin/sh\n");
    let rest = site.slurm(&["--submit", "--max-array-size", "9"]);
    assert!(rest.stdout.contains("2 with results, 2 to submit in 1 job array"), "{}", rest.stdout);
    assert!(site.told()[0].contains("--array=0,3"));
    site.bench.expect(0, "run study.toml --out done -q");
    let local = site.bench.json("done/results.json");
    let cells = &site.bench.json(&format!("{}/results.json", site.out))["cells"];
    assert_eq!(cells[0]["metrics"], local["cells"][0]["metrics"]);
}

/// Indices count the cells that `[[skip]]` leaves.
#[test]
fn variants_that_are_skipped_are_not_submitted() {
    let site = Site::new();
    let skip = "[[skip]]\n\"model.bias\" = \"tied\"\n\"model.norm\" = \"batch\"\n";
    let norms = "[vary]\n\"model.norm\" = [\"none\", \"batch\"]";
    site.bench.write("study.toml", SMALL.replace("[vary]", norms) + skip);
    let ended = site.slurm(&["--submit"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    assert!(ended.stdout.contains("6 cells: 6 to submit in 3 job arrays"), "{}", ended.stdout);
    assert_eq!(site.told().len(), 4, "three arrays and the report");
    site.bench.expect(0, "run study.toml --out done -q");
    let [there, local] = [site.out.as_str(), "done"].map(|out| site.bench.json(&format!("{out}/results.json")));
    let cells = |results: &serde_json::Value| -> Vec<_> {
        let cells = results["cells"].as_array().unwrap().iter();
        cells.map(|cell| (cell["id"].clone(), cell["factors"].clone(), cell["metrics"].clone())).collect()
    };
    assert_eq!(cells(&there), cells(&local));
    let skipped = serde_json::json!({ "model.bias": "tied", "model.norm": "batch" });
    assert!(cells(&there).len() == 6 && cells(&there).iter().all(|(_, factors, _)| *factors != skipped));
}

/// Each look waits for the ones before it, so that tasks whose cells it does not need end at once.
#[test]
fn looks_are_arrays_one_after_the_other() {
    let site = Site::new();
    site.bench.write("study.toml", crate::looks::STUDY);
    let ended = site.slurm(&["--submit", "--max-array-size", "99"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    assert!(ended.stdout.contains("20 cells: 20 to submit in 4 job arrays"), "{}", ended.stdout);
    assert!(ended.stdout.contains("seeds: 2 at the first look"), "{}", ended.stdout);
    let told = site.told();
    assert!(!told[0].contains("--dependency") && told[0].contains("--array=0-1,5-6,10-11,15-16"), "{}", told[0]);
    assert!(told[1].contains("--dependency=afterany:1 ") && told[1].contains("--array=0,5,10,15"), "{}", told[1]);
    assert!(told[3].contains("--dependency=afterany:1:2:3 ") && told[3].ends_with("cells.sh 4"), "{}", told[3]);
    assert!(told[4].contains("--dependency=afterany:1:2:3:4 ") && told[4].ends_with("report.sh"), "{}", told[4]);
    site.bench.expect(0, "run study.toml --out done -q");
    let local = timeless(site.bench.json("done/results.json"));
    assert_eq!(timeless(site.bench.json(&format!("{}/results.json", site.out))), local);
    let again = site.slurm(&["--submit"]);
    assert!(again.stdout.contains("all with results or not needed"), "{}", again.stdout);
}

#[test]
fn what_is_queued_is_not_submitted_again() {
    let site = Site::new();
    site.program("sbatch", "#!/bin/sh\necho \"$*\" >>\"$(dirname \"$0\")/told\"\necho '70;cluster'\n");
    assert_eq!(site.slurm(&["--submit", "--max-array-size", "9"]).code, Some(0));
    site.told();
    site.program("squeue", "#!/bin/sh\necho '70 1'\necho '70 2'\necho '71 3'\necho '72 N/A'\n");
    let again = site.slurm(&["--submit", "--max-array-size", "9"]);
    assert!(again.stdout.contains("2 queued already, 2 to submit"), "{}{}", again.stdout, again.stderr);
    let told = site.told();
    assert!(told[0].contains("--array=0,3"), "{}", told[0]);
    assert!(told[1].contains("--dependency=afterany:70:70"), "the report waits for the first jobs too: {}", told[1]);

    let changed = site.slurm(&["--set", "train.epochs=2"]);
    assert!(changed.stdout.contains("4 to submit"), "other cells are queued: {}", changed.stdout);
    assert!(site.script("cells.sh").contains("config-2.toml") && site.script("config-1.toml").contains("epochs = 1"));
}

/// What a folder reports is what was submitted last.
#[test]
fn a_folder_s_config_changes_with_the_first_job() {
    let site = Site::new();
    site.bench.expect(0, "run study.toml --out old -q");
    let site = Site { out: "old".to_owned(), ..site };
    let config = || fs::read_to_string(site.bench.path("old/config.toml")).unwrap();
    let before = config();
    assert!(site.slurm(&["--set", "train.epochs=2"]).stdout.contains("4 to submit"));
    assert_eq!(config(), before, "nothing was submitted");
    site.program("sbatch", "#!/bin/sh\nexit 1\n");
    assert_eq!(site.slurm(&["--set", "train.epochs=2", "--submit"]).code, Some(2));
    assert_eq!(config(), before, "nothing was accepted");
    let new_margin = site.slurm(&["--set", "compare.margin=0.5"]);
    assert!(new_margin.stdout.contains("all with results; `untied run study.toml --out "), "{}", new_margin.stdout);
    assert_eq!(config(), before);
    site.program("sbatch", SBATCH);
    assert_eq!(site.slurm(&["--set", "train.epochs=2", "--submit"]).code, Some(0));
    assert!(config().contains("epochs = 2"));
    let results = site.bench.json("old/results.json");
    assert!(
        results["cells"].as_array().unwrap().iter().all(|cell| cell["status"] == "finished" && cell["epochs"] == 2)
    );
}

#[test]
fn the_folder_of_another_study_is_left_alone() {
    let site = Site::new();
    site.bench.expect(0, "cell study.toml --index 0 --out other --set name=other");
    let site = Site { out: "other".to_owned(), ..site };
    let before = fs::read_to_string(site.bench.path("other/config.toml")).unwrap();
    for ended in [site.slurm(&["--submit"]), site.bench.expect(2, "run study.toml --out other")] {
        assert_eq!(ended.code, Some(2), "{}", ended.stdout);
        let said = "config.toml is of the study `other`, not of `small`: give --out another folder";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
    assert_eq!(fs::read_to_string(site.bench.path("other/config.toml")).unwrap(), before);
}

#[test]
fn a_refusal_is_an_error() {
    let site = Site::new();
    site.program("sbatch", "#!/bin/sh\necho 'sbatch: error: invalid partition' >&2\nexit 1\n");
    let ended = site.slurm(&["--submit"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.starts_with("error: ") && ended.stderr.contains("invalid partition"), "{}", ended.stderr);
    assert!(ended.stderr.contains("submit.sh"), "{}", ended.stderr);
}

#[test]
fn without_slurm_the_scripts_are_written_all_the_same() {
    let site = Site::new();
    site.program("scontrol", "#!/bin/sh\necho 'scontrol: error: no controller' >&2\nexit 1\n");
    let ended = site.slurm(&[]);
    assert_eq!(ended.code, Some(0));
    assert!(ended.stderr.contains("no controller") && ended.stderr.contains("1001"), "{}", ended.stderr);
    assert!(site.script("submit.sh").contains("submit 0 0-3\n"));
}

#[test]
fn folders_that_slurm_cannot_log_to_are_refused() {
    for out in ["100%", "a\\b", "a\nb"] {
        let site = Site { out: out.to_owned(), ..Site::new() };
        let ended = site.slurm(&[]);
        assert_eq!(ended.code, Some(2));
        assert!(ended.stderr.contains("--out"), "{}", ended.stderr);
        assert!(!site.bench.path(out).exists());
    }
}

/// Sites wrap sbatch, and say more than an id.
#[test]
fn what_a_site_says_around_an_id_is_no_id() {
    let site = Site::new();
    let chatty = SBATCH.replace(
        "echo \"$job\"\n",
        "echo Welcome to the cluster\necho \"$job;cluster\"\necho\necho 'Budget: 12 hours'\n",
    );
    assert_ne!(chatty, SBATCH);
    site.program("sbatch", &chatty);
    let ended = site.slurm(&["--submit"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
    let jobs = fs::read_to_string(site.bench.path(&site.out).join("slurm/jobs")).unwrap();
    assert_eq!(jobs, "1 0 1\n2 2 1\n");
    assert!(site.told()[2].contains("--dependency=afterany:1:2"));
}

#[test]
fn an_sbatch_that_names_no_job_ends_the_submission() {
    let site = Site::new();
    site.program("sbatch", "#!/bin/sh\necho 'Submitted, thank you'\n");
    let ended = site.slurm(&["--submit"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stdout);
    assert!(
        ended.stderr.contains("sbatch named no job") && ended.stderr.contains("Submitted, thank you"),
        "{}",
        ended.stderr
    );
    assert!(!site.bench.path(&site.out).join("slurm/jobs").exists());
}

#[test]
fn a_damaged_list_of_jobs_is_one_line() {
    let site = Site::new();
    assert_eq!(site.slurm(&[]).code, Some(0));
    for (jobs, said) in [("1 0 1\nx\n", "line 2: expected job id, first cell and number"), ("\u{0}\u{0}", "line 1: ")] {
        site.bench.write(&format!("{}/slurm/jobs", site.out), jobs);
        let ended = site.slurm(&[]);
        assert_eq!(ended.code, Some(2), "{}", ended.stderr);
        assert!(ended.stderr.contains(said) && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    }
    site.bench.write(&format!("{}/slurm/jobs", site.out), "1 18446744073709551615 1\n");
    site.program("squeue", "#!/bin/sh\necho '1 5'\n");
    assert_eq!(site.slurm(&[]).code, Some(0));
}
