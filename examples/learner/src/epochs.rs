//! One line an epoch: the metrics of the test images. Burn's own renderers are a dashboard (feature `tui`), or a line a batch.

use std::collections::{BTreeMap, HashMap};

use burn::train::logger::{EvaluationProgressLogger, TrainingProgressLogger};
use burn::train::metric::{MetricDefinition, MetricId};
use burn::train::renderer::{
    EvaluationName, MetricState, MetricsRenderer, MetricsRendererEvaluation, MetricsRendererTraining,
};

#[derive(Default)]
pub struct Epochs {
    names: HashMap<MetricId, String>,
    /// By the metric's name.
    latest: BTreeMap<String, f64>,
}

impl MetricsRendererTraining for Epochs {
    fn update_train(&mut self, _: MetricState) {}

    fn update_valid(&mut self, state: MetricState) {
        if let MetricState::Numeric(entry, Some(value)) = state
            && let Some(name) = self.names.get(&entry.metric_id)
        {
            self.latest.insert(name.clone(), value.current());
        }
    }
}

impl TrainingProgressLogger for Epochs {
    fn start(&mut self, _: usize, _: usize, _: Option<usize>, _: Option<&str>) {}

    fn update_epoch(&mut self, epoch: usize) {
        let metrics: Vec<String> = self.latest.iter().map(|(name, value)| format!("{name} {value:.3}")).collect();
        if !metrics.is_empty() {
            println!("epoch {epoch}, on test images: {}", metrics.join(", "));
        }
    }

    fn start_split(&mut self, _: &str, _: usize) {}

    fn update_split(&mut self, _: usize) {}

    fn end_split(&mut self) {}

    fn end(&mut self) {}

    fn log_event_training(&mut self, _: String) {}
}

impl MetricsRenderer for Epochs {
    fn manual_close(&mut self) {}

    fn register_metric(&mut self, definition: MetricDefinition) {
        self.names.insert(definition.metric_id, definition.name.to_string());
    }
}

/// Nothing is evaluated apart from training.
impl MetricsRendererEvaluation for Epochs {
    fn update_test(&mut self, _: EvaluationName, _: MetricState) {}
}

impl EvaluationProgressLogger for Epochs {
    fn start_global_progress(&mut self, _: usize) {}

    fn start_test(&mut self, _: &str, _: usize) {}

    fn update_test_progress(&mut self, _: usize) {}

    fn end_test(&mut self) {}

    fn end_global_progress(&mut self) {}

    fn log_event_evaluation(&mut self, _: String) {}
}
